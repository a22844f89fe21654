namespace Returns.LocalClickHouse;

/// <summary>The server's folder: `lock` (one process at a time), `endpoint` (its address while it runs) and `engine/` (ClickHouse's own files).</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly string path;
    private readonly FileStream ownership;

    private DataFolder(string path, FileStream ownership) => (this.path, this.ownership) = (path, ownership);

    public string EnginePath => Path.Combine(path, "engine");

    private string EndpointPath => Path.Combine(path, "endpoint");

    /// <summary>Takes the folder, waiting up to <paramref name="patience"/> for a predecessor that is still stopping.</summary>
    /// <exception cref="StartException">Another process keeps it.</exception>
    public static async Task<DataFolder> Take(string path, TimeSpan patience)
    {
        Directory.CreateDirectory(path);
        var deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (true)
        {
            try
            {
                FileStream ownership = new(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                DataFolder folder = new(path, ownership);
                Directory.CreateDirectory(folder.EnginePath);
                return folder;
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
            {
                if (Environment.TickCount64 >= deadline)
                {
                    throw new StartException(
                        $"data folder {path} is in use by another process (lock file {Path.Combine(path, "lock")}): stop that process, or choose another folder with --data");
                }
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Writes the address where scripts find it.</summary>
    public void Publish(string endpoint)
    {
        File.WriteAllText(EndpointPath + ".new", endpoint + "\n");
        File.Move(EndpointPath + ".new", EndpointPath, overwrite: true);
    }

    /// <summary>Removes the address again.</summary>
    public void Withdraw() => File.Delete(EndpointPath);

    public void Dispose() => ownership.Dispose();
}
