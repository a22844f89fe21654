using System.Runtime.InteropServices;
using Returns.Chaos;
using Returns.Chaos.Windows;

using var stop = new CancellationTokenSource();
using var onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
if (args is ["windows", .. var rest])
{
    return await WindowsWorker.RunAsync(rest, stop.Token);
}
try
{
    return await ChaosRun.RunAsync(ChaosOptions.Read(args), stop.Token) == 0 ? 0 : 1;
}
catch (FormatException error)
{
    await Console.Error.WriteLineAsync($"chaos: {error.Message}\n{ChaosOptions.Usage}");
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("chaos: stopped");
    return 130;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    // Ctrl-C reaches every process of the terminal; one that has a parent leaves it to that to stop things in order.
    if (context.Signal == PosixSignal.SIGTERM || !args.Contains("--exit-with-stdin"))
    {
        stop.Cancel();
    }
}
