using System.CommandLine;
using System.Runtime.InteropServices;
using Returns.Cli;
using Returns.Cli.Chargebacks;
using Returns.Cli.DeadLetters;
using Returns.Cli.Replay;
using Returns.Cli.Reports;
using Returns.Cli.Rules;
using Returns.Cli.Up;

var root = new RootCommand("Returns.Streaming: grades, routes and accounts for returned goods as they are scanned.")
{
    UpCommand.Create(),
    RulesCommand.Create(),
    TopicsCommand.Create(),
    ChargebacksCommand.Create(),
    ReportCommand.Create(),
    BaselineCommand.Create(),
    DlqCommand.Create(),
    ReplayCommand.Create(),
};

// The first Ctrl-C stops everything in order. A second one ends at once: the children end themselves when this process has.
using var stop = new CancellationTokenSource();
void OnSignal(PosixSignalContext context)
{
    if (!stop.IsCancellationRequested)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
try
{
    return await root.Parse(args).InvokeAsync(configuration, stop.Token);
}
catch (UpException error)
{
    await Console.Error.WriteLineAsync($"returns: {error.Message}");
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
