using System.Globalization;
using Returns.Chaos.Processes;

namespace Returns.Chaos.Faults;

/// <summary>Does to a stage what a round's faults say, and tells what it did to whom.</summary>
internal sealed class FaultInjection(Stage stage, Action<string> say)
{
    private readonly Dictionary<FaultKind, int> _done = [];

    /// <summary>How many of each kind were done.</summary>
    public IReadOnlyDictionary<FaultKind, int> Done => _done;

    /// <summary>Does all of them, and waits until what was stopped runs again.</summary>
    public Task RunAsync(IEnumerable<Fault> faults, CancellationToken cancel) => Task.WhenAll(faults.Select(fault => RunAsync(fault, cancel)));

    private async Task RunAsync(Fault fault, CancellationToken cancel)
    {
        await Task.Delay(fault.At, cancel);
        var what = fault.Kind switch
        {
            FaultKind.KillWorker => await stage.Fleet.KillAsync(fault.Pick, fault.For),
            FaultKind.FreezeWorker => await FreezeAsync(fault, cancel),
            FaultKind.WorkerLeaves => await stage.Fleet.LeaveAsync(fault.Pick),
            FaultKind.WorkerJoins => stage.Fleet.Join(fault.Pick),
            FaultKind.KillBroker => await RestartAsync(stage.Kafka!, fault),
            FaultKind.KillClickHouse => await RestartAsync(stage.ClickHouse, fault),
            FaultKind.RefuseCommits => await RefuseCommitsAsync(stage.Kafka!.Proxy, fault, cancel),
            FaultKind.CutBroker => await CutAsync("the broker", stage.Kafka!, fault, cancel),
            _ => await CutAsync("ClickHouse", stage.ClickHouse, fault, cancel),
        };
        if (what is not null)
        {
            lock (_done)
            {
                _done[fault.Kind] = _done.GetValueOrDefault(fault.Kind) + 1;
            }
            say(what);
        }
    }

    private async Task<string?> FreezeAsync(Fault fault, CancellationToken cancel)
    {
        if (stage.Fleet.Freeze(fault.Pick) is not var (what, thaw))
        {
            return null;
        }
        try
        {
            await Task.Delay(fault.For, cancel);
        }
        finally
        {
            thaw();
        }
        return string.Create(CultureInfo.InvariantCulture, $"{what} {fault.For.TotalSeconds:0.0} s ago, and SIGCONT");
    }

    private static async Task<string?> RestartAsync(LocalServer server, Fault fault)
    {
        var victim = "";
        await server.RestartAsync(fault.For, process => victim = process.ToString());
        return string.Create(CultureInfo.InvariantCulture, $"SIGKILL to {victim}, started again {fault.For.TotalSeconds:0.0} s later");
    }

    /// <summary>Cuts some or all of the connections; where it is all, new ones are refused for a while, too.</summary>
    private static async Task<string?> CutAsync(string name, LocalServer server, Fault fault, CancellationToken cancel)
    {
        var all = fault.Pick > 0.5;
        var random = new Random(fault.Pick.GetHashCode());
        server.Proxy.Refuses = all;
        var cut = server.Proxy.Cut(() => all || random.NextDouble() < 0.5);
        if (!all)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{cut} connections to {name} cut");
        }
        try
        {
            await Task.Delay(fault.For, cancel);
        }
        finally
        {
            server.Proxy.Refuses = false;
        }
        return string.Create(CultureInfo.InvariantCulture, $"all {cut} connections to {name} cut, and no new ones for {fault.For.TotalSeconds:0.0} s");
    }

    /// <summary>Has the broker refuse every commit for a while: transactions are aborted, and their tasks go on.</summary>
    private static async Task<string?> RefuseCommitsAsync(TcpProxy proxy, Fault fault, CancellationToken cancel)
    {
        var before = proxy.Outdated;
        proxy.OutdatesCommits = true;
        try
        {
            await Task.Delay(fault.For, cancel);
        }
        finally
        {
            proxy.OutdatesCommits = false;
        }
        return string.Create(CultureInfo.InvariantCulture, $"{proxy.Outdated - before} commits refused within {fault.For.TotalSeconds:0.0} s");
    }
}
