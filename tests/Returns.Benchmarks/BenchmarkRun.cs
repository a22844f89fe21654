using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Returns.Benchmarks;

/// <summary>One run of benchmarks: how much they do, the broker they share, and the rows they gave.</summary>
internal sealed class BenchmarkRun(int rounds, double size) : IDisposable
{
    private static readonly string[] Columns = ["work", "ours", "reference", "ratio", "spread", "target", ""];
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly List<Row> _rows = [];
    private readonly List<string> _notes = [];
    private KafkaAddress? _kafka;

    /// <summary>Whether the run is long enough to say that a target is met or missed: at its full size, over five rounds.</summary>
    public bool IsJudged => rounds >= 5 && size >= 1;

    /// <summary>How often what is compared takes its turn, warm-up not counted.</summary>
    public int Rounds => rounds;

    /// <summary>The broker, started when it is first asked for.</summary>
    public KafkaAddress Kafka => _kafka ??= KafkaAddress.FindOrStart();

    /// <summary>An amount of work, times the size that was asked for.</summary>
    public int Sized(int amount) => Math.Max(1000, (int)(amount * size));

    /// <summary>Takes a row, and prints it at once: a run may be cut short.</summary>
    public void Add(Row row)
    {
        _rows.Add(row);
        Console.WriteLine("  " + string.Join("  ", row.Cells(IsJudged).Where(cell => cell.Length > 0)));
        if (row.NotMeasured is { } reason)
        {
            Note($"{row.Work}: {reason}");
        }
    }

    /// <summary>Takes what explains a row.</summary>
    public void Note(FormattableString note) => Note(note.ToString(CultureInfo.InvariantCulture));

    /// <summary>Measures two things in rounds, by turns, which change the order each time.</summary>
    /// <returns>The figures of both, a round each.</returns>
    public async Task<(double[] Ours, double[] Reference)> InTurnsAsync(Func<Task<double>> ours, Func<Task<double>> reference)
    {
        var (mine, theirs) = (new double[rounds], new double[rounds]);
        for (var round = 0; round < rounds; round++)
        {
            if (round % 2 == 0)
            {
                mine[round] = await ours();
            }
            theirs[round] = await reference();
            if (round % 2 != 0)
            {
                mine[round] = await ours();
            }
        }
        return (mine, theirs);
    }

    /// <summary>Prints the table.</summary>
    public void Print()
    {
        var lines = _rows.Select(row => row.Cells(IsJudged)).Prepend(Columns).ToList();
        var widths = Columns.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        Console.WriteLine();
        foreach (var line in lines)
        {
            Console.WriteLine(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
        Console.WriteLine();
        foreach (var note in _notes)
        {
            Console.WriteLine(note);
        }
    }

    /// <summary>Writes rows and notes as JSON.</summary>
    /// <param name="path">The file; its folder is made.</param>
    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var document = new
        {
            At = DateTimeOffset.UtcNow,
            Cores = Environment.ProcessorCount,
            Runtime = RuntimeInformation.FrameworkDescription,
            System = RuntimeInformation.OSDescription,
            Broker = _kafka is null ? null : _kafka.IsLocal ? "local" : _kafka.BootstrapServers,
            Rounds = rounds,
            Size = size,
            Rows = _rows.Select(row => new
            {
                row.Work,
                row.Unit,
                row.Ours,
                row.Against,
                row.Reference,
                row.Target,
                TargetIs = row.AtMost ? "most" : "least",
                Met = IsJudged ? row.Met : null,
                row.NotMeasured,
                Median = row.Ours.Count == 0 ? (double?)null : Row.Median(row.Judged),
            }),
            Notes = _notes,
        };
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(document, Json));
        Console.WriteLine($"written: {Path.GetFullPath(path)}");
    }

    public void Dispose() => _kafka?.Dispose();

    private void Note(string note)
    {
        _notes.Add(note);
        Console.WriteLine("  " + note);
    }
}
