using System.Globalization;

namespace Returns.Chaos.Processes;

/// <summary>The workers: which there are, and what may be done to which of them. One that ends by itself is started again.</summary>
/// <remarks>Safe across threads.</remarks>
internal sealed class Fleet(string folder, Func<string, (string Assembly, string[] Arguments)> commandOf, Action<string> say) : IAsyncDisposable
{
    /// <summary>What they do.</summary>
    public static readonly string[] Roles = ["triage", "windows", "compliance", "sink"];

    private const int LeastOfARole = 2;
    private const int MostOfARole = 3;
    private static readonly TimeSpan StartAgainAfter = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private readonly List<Worker> _workers = [];
    private readonly Dictionary<string, int> _numbers = [];
    private bool _isOver;

    private enum Condition
    {
        Running,
        Frozen,
        Down,
    }

    /// <summary>Workers that ended although nobody had asked or killed them.</summary>
    public int EndedByThemselves { get; private set; }

    /// <summary>Starts the least that a role has. The first one of a role is a static member of its group, which keeps its name.</summary>
    public void Start()
    {
        foreach (var role in Roles)
        {
            for (var i = 0; i < LeastOfARole; i++)
            {
                Add(role);
            }
        }
    }

    /// <summary>Kills one, and starts it again under its name after a while.</summary>
    /// <returns>What was done to whom; null where there is none to kill.</returns>
    public async Task<string?> KillAsync(double pick, TimeSpan away)
    {
        if (Take(pick, Condition.Down) is not { } worker)
        {
            return null;
        }
        var victim = worker.Process;
        victim.Kill();
        await victim.Ended;
        _ = StartAgainAsync(worker, away);
        return string.Create(CultureInfo.InvariantCulture, $"SIGKILL to {victim}, which starts again {away.TotalSeconds:0.0} s later");
    }

    /// <summary>Freezes one for a while.</summary>
    /// <returns>What was done to whom, and how to end it; null where there is none to freeze.</returns>
    public (string What, Action Thaw)? Freeze(double pick)
    {
        if (Take(pick, Condition.Frozen) is not { } worker)
        {
            return null;
        }
        var frozen = worker.Process;
        frozen.Freeze();
        return ($"SIGSTOP to {frozen}", () =>
        {
            frozen.Thaw();
            lock (_gate)
            {
                worker.Condition = Condition.Running;
            }
        }
        );
    }

    /// <summary>Asks one to leave, and starts another one in its place where too few would be left.</summary>
    /// <returns>What was done to whom; null where there is none to ask.</returns>
    public async Task<string?> LeaveAsync(double pick)
    {
        if (Take(pick, Condition.Down) is not { } worker)
        {
            return null;
        }
        bool tooFew;
        lock (_gate)
        {
            _workers.Remove(worker);
            tooFew = _workers.Count(w => w.Role == worker.Role) < LeastOfARole;
        }
        var leaver = worker.Process;
        leaver.Terminate();
        var comes = tooFew ? Add(worker.Role) : null;
        var ended = await Task.WhenAny(leaver.Ended, Task.Delay(StopBound)) == leaver.Ended;
        var how = ended ? string.Create(CultureInfo.InvariantCulture, $"exit code {leaver.ExitCode}") : $"killed, as it did not end within {StopBound}";
        leaver.Dispose();
        return $"SIGTERM to {leaver}: {how}{(comes is null ? "" : $"; {comes} joins")}";
    }

    /// <summary>Adds one, where its role has room.</summary>
    /// <returns>What was done; null where there is no room.</returns>
    public string? Join(double pick)
    {
        var role = Roles[(int)(pick * Roles.Length)];
        lock (_gate)
        {
            if (_workers.Count(w => w.Role == role) >= MostOfARole)
            {
                return null;
            }
        }
        return Add(role) is { } worker ? $"{worker} joins" : null;
    }

    public async ValueTask DisposeAsync()
    {
        List<Worker> workers;
        lock (_gate)
        {
            _isOver = true;
            workers = [.. _workers];
        }
        foreach (var worker in workers)
        {
            worker.Process.Thaw();
            worker.Process.Terminate();
        }
        await Task.WhenAny(Task.WhenAll(workers.Select(w => w.Process.Ended)), Task.Delay(StopBound));
        foreach (var worker in workers)
        {
            worker.Process.Dispose();
        }
    }

    /// <summary>The chosen one of those that run, in its new condition.</summary>
    private Worker? Take(double pick, Condition condition)
    {
        lock (_gate)
        {
            var running = _workers.FindAll(w => w.Condition == Condition.Running && !w.Process.Ended.IsCompleted);
            if (running.Count == 0)
            {
                return null;
            }
            var worker = running[(int)(pick * running.Count)];
            worker.Condition = condition;
            return worker;
        }
    }

    private Worker? Add(string role)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return null;
            }
            var number = _numbers[role] = _numbers.GetValueOrDefault(role) + 1;
            var name = string.Create(CultureInfo.InvariantCulture, $"{role}-{number}");
            var worker = new Worker(role, name, isStatic: number == 1 && role != "sink");
            _workers.Add(worker);
            Launch(worker);
            return worker;
        }
    }

    private async Task StartAgainAsync(Worker worker, TimeSpan after)
    {
        await Task.Delay(after);
        lock (_gate)
        {
            worker.Process.Dispose();
            if (!_isOver)
            {
                Launch(worker);
            }
        }
    }

    private void Launch(Worker worker)
    {
        var (assembly, arguments) = commandOf(worker.Role);
        worker.Process = new ChildProcess(worker.Name, folder, assembly, worker.IsStatic ? [.. arguments, "--instance-id", worker.Name] : arguments);
        worker.Condition = Condition.Running;
        _ = WatchAsync(worker, worker.Process);
    }

    private async Task WatchAsync(Worker worker, ChildProcess process)
    {
        await process.Ended;
        lock (_gate)
        {
            if (_isOver || worker.Condition == Condition.Down || worker.Process != process)
            {
                return;
            }
            worker.Condition = Condition.Down;
            EndedByThemselves++;
        }
        say(string.Create(CultureInfo.InvariantCulture, $"{process} ended by itself with exit code {process.ExitCode}, and starts again: {process.LastLine}"));
        await StartAgainAsync(worker, StartAgainAfter);
    }

    private sealed class Worker(string role, string name, bool isStatic)
    {
        public string Role => role;

        public string Name => name;

        public bool IsStatic => isStatic;

        public ChildProcess Process { get; set; } = null!;

        public Condition Condition { get; set; }

        public override string ToString() => Process.ToString();
    }
}
