using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Returns.LocalClickHouse;

const string Usage = "usage: Returns.LocalClickHouse --data DIR --port N [--host 127.0.0.1] [--exit-with-stdin]";

string? data = null;
int? port = null;
var host = IPAddress.Loopback;
var exitWithStdin = false;
for (var i = 0; i < args.Length; i++)
{
    var value = i + 1 < args.Length ? args[i + 1] : null;
    switch (args[i])
    {
        case "--data" when value is not null: data = Path.GetFullPath(value); i++; break;
        case "--port" when ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number): port = number; i++; break;
        case "--host" when IPAddress.TryParse(value, out var address): host = address; i++; break;
        case "--exit-with-stdin": exitWithStdin = true; break;
        default: return Fail($"'{args[i]}' is not an option, or its value '{value}' is not valid\n{Usage}");
    }
}

if (data is null || port is null)
{
    return Fail(Usage);
}

try
{
    using var folder = await DataFolder.Take(data, TimeSpan.FromSeconds(10));
    LibChdb.Load();
    using Engine engine = new(folder.EnginePath);
    using HttpFront front = new(engine, concurrency: 16);

    // Engine calls block their pool thread; without this the pool would add threads one a second.
    ThreadPool.SetMinThreads(40, 8);
    var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
    builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
    {
        kestrel.Listen(host, port.Value);
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        // An insert may pause between its rows; a client that has gone silent for good must not keep its turn.
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1, gracePeriod: TimeSpan.FromSeconds(30));
        kestrel.Limits.MaxRequestLineSize = 1 << 20;
        kestrel.Limits.MaxRequestBufferSize = 2 << 20;
        kestrel.Limits.MaxRequestHeadersTotalSize = 1 << 20;
    });
    await using var app = builder.Build();
    app.Run(front.Handle);
    try
    {
        await app.StartAsync();
    }
    catch (IOException e) when (e.InnerException is AddressInUseException)
    {
        return Fail($"port {port} of {host} is in use: stop its owner, or choose another with --port (0 takes a free one)");
    }

    TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => { context.Cancel = true; stop.TrySetResult(); });
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
    {
        // Ctrl-C reaches every process of the terminal; one that has a parent leaves it to that to stop things in order.
        context.Cancel = true;
        if (!exitWithStdin)
        {
            stop.TrySetResult();
        }
    });
    if (exitWithStdin)
    {
        _ = Task.Run(async () =>
        {
            await Console.OpenStandardInput().CopyToAsync(Stream.Null);
            stop.TrySetResult();
        });
    }

    var endpoint = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    folder.Publish(endpoint);
    Console.WriteLine($"listening on {endpoint}");
    await stop.Task;
    folder.Withdraw();
    using CancellationTokenSource patience = new(TimeSpan.FromSeconds(5));
    await app.StopAsync(patience.Token);
    return 0;
}
catch (StartException e)
{
    return Fail(e.Message);
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    return Fail($"data folder {data}: {e.Message}");
}

static int Fail(string message)
{
    Console.Error.WriteLine("Returns.LocalClickHouse: " + message);
    return 1;
}
