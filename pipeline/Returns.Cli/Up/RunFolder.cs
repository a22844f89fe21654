using System.Globalization;

namespace Returns.Cli.Up;

/// <summary>The data folder of <c>returns up</c>, held by one process at a time.</summary>
internal sealed class RunFolder : IDisposable
{
    private readonly FileStream _lock;

    private RunFolder(string path, FileStream held) => (Path, _lock) = (path, held);

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Folder of the local Kafka.</summary>
    public string Kafka => System.IO.Path.Combine(Path, "kafka");

    /// <summary>Folder of the local ClickHouse.</summary>
    public string ClickHouse => System.IO.Path.Combine(Path, "clickhouse");

    /// <summary>The log file of one process.</summary>
    public string Log(string process) => System.IO.Path.Combine(Path, "logs", process + ".log");

    /// <summary>Number of the shift that comes next, from 0.</summary>
    public int NextShift
    {
        get => File.Exists(ShiftFile) && int.TryParse(File.ReadAllText(ShiftFile), NumberStyles.None, CultureInfo.InvariantCulture, out var shift) ? shift : 0;
        set => File.WriteAllText(ShiftFile, value.ToString(CultureInfo.InvariantCulture));
    }

    private string ShiftFile => System.IO.Path.Combine(Path, "next-shift");

    /// <summary>Where the rejected lines of a replay are listed.</summary>
    public string Rejected(string label) => System.IO.Path.Combine(Path, $"rejected-{label.TrimEnd('-')}.txt");

    /// <summary>Creates the folder where missing, and takes it.</summary>
    /// <exception cref="UpException">Another process holds it, or it cannot be written.</exception>
    public static RunFolder Take(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(System.IO.Path.Combine(path, "logs"));
            var held = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new RunFolder(path, held);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new UpException($"data folder {path}: {error.Message}; choose another with --data");
        }
        catch (IOException error)
        {
            throw new UpException($"data folder {path} is in use by another `returns up`, or cannot be written ({error.Message}): stop that one, or choose another folder with --data");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();
}
