using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Returns.Chaos.Processes;

/// <summary>A local Kafka or ClickHouse in a process of its own, which keeps its port and its data whatever is done to it.</summary>
internal sealed class LocalServer : IDisposable
{
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(60);
    private readonly string _name;
    private readonly string _folder;
    private readonly string _assembly;
    private readonly int _port;
    private readonly Func<string[]> _arguments;
    private readonly SemaphoreSlim _one = new(1);
    private ChildProcess? _process;

    /// <param name="name">For messages, its log file and its data folder.</param>
    /// <param name="folder">Where logs and data go.</param>
    /// <param name="assembly">The server's assembly.</param>
    /// <param name="arguments">What it is told beside folder and port.</param>
    public LocalServer(string name, string folder, string assembly, Func<LocalServer, string[]> arguments)
    {
        (_name, _folder, _assembly, _port) = (name, folder, assembly, FreePort());
        Proxy = new TcpProxy(_port, speaksKafka: assembly == "Returns.LocalKafka");
        _arguments = () => arguments(this);
    }

    /// <summary>What its clients connect through.</summary>
    public TcpProxy Proxy { get; }

    /// <summary>HOST:PORT of the server itself.</summary>
    public string Direct => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    /// <summary>HOST:PORT of its proxy.</summary>
    public string Proxied => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Proxy.Port}");

    public async Task StartAsync()
    {
        _process = new ChildProcess(_name, _folder, _assembly,
            ["--data", Path.Combine(_folder, _name), "--port", _port.ToString(CultureInfo.InvariantCulture), .. _arguments()]);
        await _process.Address.WaitAsync(StartBound);
    }

    /// <summary>Kills it as kill -9 does, and starts it again after a while; one such thing at a time.</summary>
    /// <param name="away">How long it stays away.</param>
    /// <param name="killed">Told which process it was, when it is gone.</param>
    public async Task RestartAsync(TimeSpan away, Action<ChildProcess> killed)
    {
        await _one.WaitAsync();
        try
        {
            var victim = _process!;
            victim.Kill();
            await victim.Ended;
            killed(victim);
            victim.Dispose();
            await Task.Delay(away);
            await StartAsync();
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose()
    {
        Proxy.Dispose();
        _process?.Dispose();
        _one.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
