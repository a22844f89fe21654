using System.Diagnostics;
using System.Text;

namespace Returns.LocalClickHouse;

/// <summary>A local ClickHouse server as a child process, for tests and for the command that starts the local stack.</summary>
/// <remarks>
/// The child ends with its parent: it watches its standard input. One server per data folder. Members may be called from
/// several threads, except that the server is stopped once.
/// </remarks>
public sealed class LocalClickHouseServer : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder errors;

    private LocalClickHouseServer(Process process, StringBuilder errors, Uri endpoint) =>
        (this.process, this.errors, Endpoint) = (process, errors, endpoint);

    /// <summary>The address it listens on, such as <c>http://127.0.0.1:8123/</c>.</summary>
    public Uri Endpoint { get; }

    /// <summary>A ClickHouse.Driver connection string for it.</summary>
    public string ConnectionString => $"Host={Endpoint.Host};Port={Endpoint.Port};Database=default";

    /// <summary>The id of the child process.</summary>
    public int ProcessId => process.Id;

    /// <summary>Whether the child process still runs.</summary>
    public bool IsRunning => !process.HasExited;

    /// <summary>Why no server can run here (libchdb is not installed), or null when one can.</summary>
    public static string? Missing =>
        LibChdb.Candidates().Any(File.Exists) ? null : "libchdb is not installed: " + string.Join(", ", LibChdb.Candidates().Select(path => path + " is missing"));

    /// <summary>Starts a server and returns when it answers.</summary>
    /// <param name="dataFolder">Its data folder; created when missing.</param>
    /// <param name="port">The loopback port; 0 takes a free one.</param>
    /// <param name="cancellation">Gives up waiting, and ends the child.</param>
    /// <exception cref="InvalidOperationException">The server ended instead of starting; the message is its own.</exception>
    public static async Task<LocalClickHouseServer> Start(string dataFolder, int port = 0, CancellationToken cancellation = default)
    {
        ProcessStartInfo start = new(Path.Combine(Path.GetDirectoryName(typeof(LocalClickHouseServer).Assembly.Location)!, "Returns.LocalClickHouse"))
        {
            ArgumentList = { "--data", dataFolder, "--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture), "--exit-with-stdin" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        StringBuilder errors = new();
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
            {
                // The last words matter, not a day's worth of them.
                if (line.Data is not null && errors.Length < 64 << 10)
                {
                    errors.AppendLine(line.Data);
                }
            }
        };
        process.BeginErrorReadLine();
        try
        {
            const string Ready = "listening on ";
            while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
            {
                if (line.StartsWith(Ready, StringComparison.Ordinal))
                {
                    _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                    return new LocalClickHouseServer(process, errors, new Uri(line[Ready.Length..]));
                }
            }

            await process.WaitForExitAsync(cancellation);
            throw new InvalidOperationException($"the local ClickHouse server did not start (exit code {process.ExitCode}): {Text(errors)}");
        }
        catch
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.Dispose();
            throw;
        }
    }

    /// <summary>What the server wrote to standard error, at most 64 KiB of it.</summary>
    public string Errors => Text(errors);

    /// <summary>Ends it as <c>kill -9</c> does.</summary>
    public async Task Kill()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Stops it cleanly: running requests get up to 5 seconds; after 15 seconds it is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.StandardInput.Close();
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(15));
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                await Kill();
            }
        }

        process.Dispose();
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString().Trim();
        }
    }
}
