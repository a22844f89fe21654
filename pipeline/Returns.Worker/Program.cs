using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Prometheus;
using Returns.Worker;
using Returns.Worker.Roles;

WorkerOptions options;
try
{
    if (args.Contains("--help") || args.Contains("-h"))
    {
        Console.WriteLine(WorkerOptions.Usage);
        return 0;
    }
    options = WorkerOptions.Read(args);
}
catch (FormatException error)
{
    await Console.Error.WriteLineAsync($"worker: {error.Message}\n{WorkerOptions.Usage}");
    return 2;
}

var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Listen(options.HttpHost, options.HttpPort);
});
builder.Services.AddRoutingCore();
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopTimeout + TimeSpan.FromSeconds(5));
builder.Logging.AddSimpleConsole(console =>
{
    console.SingleLine = true;
    console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
    console.UseUtcTimestamp = true;
}).AddFilter("Microsoft", LogLevel.Warning);
// Signals are dealt with below; the host's own lifetime would stop at every Ctrl-C.
builder.Services.AddSingleton<IHostLifetime, SignalsElsewhere>();
RoleSet.Register(builder.Services, options);

await using var app = builder.Build();
app.UseRouting();
app.MapMetrics();
var roleMetrics = new RoleMetrics(Metrics.DefaultFactory);
Metrics.DefaultRegistry.AddBeforeCollectCallback(() => roleMetrics.Show(app.Services.GetServices<IRole>()));
app.MapGet("/health/live", () => Results.Text("live"));
app.MapGet("/health/ready", (IEnumerable<IRole> roles) =>
{
    var health = roles.ToDictionary(role => role.Name, role => role.Health);
    return Results.Json(health, statusCode: (int)(health.Values.All(h => h.IsReady) ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable));
});

using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    await app.StartAsync();
}
catch (IOException error)
{
    await Console.Error.WriteLineAsync($"worker: {error.Message}; choose another with --http-port (0 takes a free one)");
    return 1;
}
Console.WriteLine($"listening on {app.Urls.First()}");
if (options.ExitWithStdin)
{
    // A thread of its own: a read of standard input cannot be cancelled.
    new Thread(() =>
    {
        using var input = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[256];
        while (input.Read(ignored) > 0)
        {
        }
        app.Lifetime.StopApplication();
    })
    { IsBackground = true, Name = "stdin" }.Start();
}
await app.WaitForShutdownAsync();
return Environment.ExitCode;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    // Ctrl-C reaches every process of the terminal; one that has a parent leaves it to that to stop things in order.
    if (context.Signal == PosixSignal.SIGTERM || !options.ExitWithStdin)
    {
        // Once it has started: a host that is stopped while it starts throws, and logs that it failed.
        app.Lifetime.ApplicationStarted.Register(app.Lifetime.StopApplication);
    }
}
