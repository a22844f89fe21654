using System.CommandLine;
using System.Globalization;
using Returns.Cli.Up;
using Returns.ClickHouse;

namespace Returns.Cli;

/// <summary>How a command that only reads ClickHouse reaches it: <c>--clickhouse</c>, or the data that <c>returns up</c> has left.</summary>
internal sealed class ClickHouseOptions
{
    private const string Usual = "http://localhost:8123";

    private readonly Option<string?> _url = new("--clickhouse") { Description = $"ClickHouse to use. Where not given: that of the data folder, which is started for as long as the command takes, or {Usual} while returns up has the folder.", HelpName = "URL" };
    private readonly Option<DirectoryInfo> _data = new("--data") { Description = "Data folder of returns up.", DefaultValueFactory = _ => new DirectoryInfo("data"), HelpName = "DIR" };

    /// <summary>Adds the options to a command.</summary>
    public Command On(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_data);
        return command;
    }

    /// <summary>Runs <paramref name="work"/> with the ClickHouse that was chosen.</summary>
    /// <exception cref="UpException">It cannot be reached, or does not have what is asked for.</exception>
    public async Task<int> RunAsync(ParseResult result, Func<ClickHouseHttp, Task<int>> work, CancellationToken cancel)
    {
        using var folder = TakeFolder(result);
        await using var server = folder is null ? null
            : new SupervisedProcess("ClickHouse", "Returns.LocalClickHouse", ["--data", folder.ClickHouse, "--port", Ports.Choose(8123).ToString(CultureInfo.InvariantCulture)],
                folder.Log("clickhouse"), Console.Error.WriteLine, new Dictionary<string, string>(), isBackground: false);
        try
        {
            var url = result.GetValue(_url) ?? (server is null ? Usual : await server.Ready.WaitAsync(cancel));
            using var clickHouse = new ClickHouseHttp(ClickHouseAddress.Parse(url), TimeSpan.FromMinutes(2));
            return await work(clickHouse);
        }
        catch (FormatException error)
        {
            throw new UpException($"--clickhouse: {error.Message}");
        }
        catch (ClickHouseException error)
        {
            throw new UpException(error.Message);
        }
    }

    /// <summary>The data folder, where it is nobody's and has a ClickHouse in it.</summary>
    private RunFolder? TakeFolder(ParseResult result)
    {
        var path = result.GetValue(_data)!.FullName;
        if (result.GetValue(_url) is not null || !Directory.Exists(Path.Combine(path, "clickhouse")))
        {
            return null;
        }
        try
        {
            return RunFolder.Take(path);
        }
        catch (UpException)
        {
            // It runs.
            return null;
        }
    }
}
