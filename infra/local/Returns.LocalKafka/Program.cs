using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Returns.LocalKafka;

const string usage =
    """
    usage: Returns.LocalKafka --data DIR --port N [options]
      --data DIR                     folder that holds everything; created when missing
      --port N                       port to listen on; 0 takes a free one
      --host ADDRESS                 address to listen on (127.0.0.1)
      --advertised HOST:PORT         where clients are told to connect to, as behind a proxy; where it listens, if not given
      --log-segment-bytes N          segment.bytes of topics that do not set it (134217728)
      --default-partitions N         partitions of topics created without a number (1)
      --auto-create-topics true|false  whether naming a topic may create it (true)
      --initial-rebalance-delay-ms N   how long a new group waits for more members (100)
      --max-request-bytes N          largest request taken (104857600)
      --exit-with-stdin              stop when standard input closes: when the parent process is gone
    """;

LocalKafkaOptions? options = null;
var exitWithStdin = false;
try
{
    string? data = null;
    int? port = null;
    var draft = new LocalKafkaOptions { DataFolder = "" };
    for (var i = 0; i < args.Length; i++)
    {
        var name = args[i];
        if (name is "--help" or "-h")
        {
            Console.WriteLine(usage);
            return 0;
        }

        if (name == "--exit-with-stdin")
        {
            exitWithStdin = true;
            continue;
        }

        if (i + 1 == args.Length) throw new FormatException($"{name}: a value is missing, or the option is not known");
        var value = args[++i];
        switch (name)
        {
            case "--data": data = value; break;
            case "--port": port = Number(name, value, 0, 65535); break;
            case "--host":
                draft = draft with { Host = IPAddress.TryParse(value, out var address) ? address : throw new FormatException($"--host: '{value}' is not an IP address") };
                break;
            case "--advertised": draft = draft with { Advertised = EndPoint(name, value) }; break;
            case "--log-segment-bytes": draft = draft with { SegmentBytes = Number(name, value, 1024, int.MaxValue) }; break;
            case "--default-partitions": draft = draft with { DefaultPartitions = Number(name, value, 1, 10_000) }; break;
            case "--auto-create-topics":
                draft = draft with { AutoCreateTopics = bool.TryParse(value, out var create) ? create : throw new FormatException($"{name}: '{value}' is neither true nor false") };
                break;
            case "--initial-rebalance-delay-ms": draft = draft with { InitialRebalanceDelay = TimeSpan.FromMilliseconds(Number(name, value, 0, 60_000)) }; break;
            case "--max-request-bytes": draft = draft with { MaxRequestBytes = Number(name, value, 1024, int.MaxValue) }; break;
            default: throw new FormatException($"{name}: no such option");
        }
    }

    if (string.IsNullOrEmpty(data)) throw new FormatException("--data is missing: where should the broker keep its data?");
    if (port is null) throw new FormatException("--port is missing: a number, or 0 for a free one");
    options = draft with { DataFolder = Path.GetFullPath(data), Port = port.Value };
}
catch (FormatException e)
{
    Console.Error.WriteLine($"local-kafka: {e.Message}\n{usage}");
    return 2;
}

using var stop = new CancellationTokenSource();
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
if (exitWithStdin)
{
    // A thread of its own: a read of standard input cannot be cancelled.
    new Thread(() =>
    {
        using var input = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[256];
        while (input.Read(ignored) > 0)
        {
        }

        stop.Cancel();
    })
    { IsBackground = true, Name = "stdin" }.Start();
}

try
{
    await using var server = await LocalKafkaServer.StartAsync(options, stop.Token).ConfigureAwait(false);
    Console.WriteLine($"listening on {server.BootstrapServers}");
    await Task.Delay(Timeout.Infinite, stop.Token).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
    return 0;
}
catch (OperationCanceledException)
{
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"local-kafka: {e.Message}");
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    // Ctrl-C reaches every process of the terminal; one that has a parent leaves it to that to stop things in order.
    if (context.Signal == PosixSignal.SIGINT && exitWithStdin) return;
    stop.Cancel();
}

static int Number(string name, string value, int min, int max) =>
    int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
        ? number
        : throw new FormatException($"{name}: '{value}' is not a number from {min} to {max}");

static DnsEndPoint EndPoint(string name, string value) =>
    value.LastIndexOf(':') is > 0 and var colon
        && int.TryParse(value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
        ? new DnsEndPoint(value[..colon], port)
        : throw new FormatException($"{name}: '{value}' is not HOST:PORT, such as 127.0.0.1:9092");
