using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Returns.EndToEnd;

/// <summary><c>returns up</c> as a process of its own, with everything that it starts.</summary>
internal sealed class UpProcess : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;
    private readonly List<(string Awaited, TaskCompletionSource<string> Seen)> _waiters = [];

    private UpProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    /// <summary>What it has written so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>The folder of the solution, found above the test's own.</summary>
    public static string RepositoryFolder
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Returns.Streaming.sln")))
            {
                folder = folder.Parent ?? throw new DirectoryNotFoundException($"no Returns.Streaming.sln above {AppContext.BaseDirectory}");
            }
            return folder.FullName;
        }
    }

    /// <summary>Starts it.</summary>
    public static UpProcess Start(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (IEnumerable<string>)[Path.Combine(AppContext.BaseDirectory, "returns.dll"), "up", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }
        return new UpProcess(Process.Start(start)!);
    }

    /// <summary>Runs it to its end, and returns its summary.</summary>
    public static async Task<JsonElement> SummaryAsync(string data, params IEnumerable<string> arguments)
    {
        var file = Path.Combine(data, "summary.json");
        File.Delete(file);
        await using var up = Start([.. arguments, "--data", data, "--exit-when-drained", "--summary", file]);
        return await up.SummaryAsync(file);
    }

    /// <summary>Waits for its end, and reads its summary.</summary>
    public async Task<JsonElement> SummaryAsync(string file)
    {
        var code = await EndAsync();
        Assert.True(code == 0, $"exit code {code}:\n{Output}");
        return JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement;
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Bound);
        return _process.ExitCode;
    }

    /// <summary>The first line that holds <paramref name="text"/>.</summary>
    public Task<string> LineAsync(string text)
    {
        lock (_output)
        {
            if (_output.ToString().Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } line)
            {
                return Task.FromResult(line);
            }
            var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((text, seen));
            return seen.Task.WaitAsync(Bound);
        }
    }

    /// <summary>Kills, as kill -9 does, the child whose command line holds <paramref name="text"/>, or this process itself where it is null.</summary>
    public void Kill(string? text)
    {
        if (text is null)
        {
            _process.Kill();
            return;
        }
        var child = Directory.EnumerateDirectories("/proc").Select(folder => Path.GetFileName(folder))
            .Where(name => name.All(char.IsAsciiDigit))
            .Single(id => ParentOf(id) == _process.Id && CommandLineOf(id).Contains(text, StringComparison.Ordinal));
        Process.GetProcessById(int.Parse(child, System.Globalization.CultureInfo.InvariantCulture)).Kill();
    }

    /// <summary>Where one of its processes listens, as it said.</summary>
    public string AddressOf(string name) =>
        Output.Split('\n').First(line => line.TrimStart().StartsWith(name + " ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];

    /// <summary>Asks ClickHouse's database a query over plain HTTP.</summary>
    public async Task<string> AskClickHouseAsync(string sql)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var query = new StringContent(sql);
        using var answer = await http.PostAsync(new Uri($"{AddressOf("ClickHouse")}/?database=returns"), query);
        var text = (await answer.Content.ReadAsStringAsync()).Trim();
        Assert.True(answer.IsSuccessStatusCode, text);
        return text;
    }

    /// <summary>Asks until the answer is <paramref name="expected"/>.</summary>
    public async Task ClickHouseSaysAsync(string sql, string expected, TimeSpan patience)
    {
        var until = DateTimeOffset.UtcNow + patience;
        string answer;
        while ((answer = await AskClickHouseAsync(sql)) != expected)
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"{sql}: {answer}, not {expected}\n{Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>Asks it to stop, as Ctrl-C does.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit(Bound);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static int ParentOf(string id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return -1;
        }
    }

    private static string CommandLineOf(string id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_output)
            {
                _output.Append(line).Append('\n');
                foreach (var waiter in _waiters.Where(w => line.Contains(w.Awaited, StringComparison.Ordinal)).ToList())
                {
                    waiter.Seen.TrySetResult(line);
                    _waiters.Remove(waiter);
                }
            }
        }
    }
}
