using System.Diagnostics;

namespace Returns.EndToEnd;

/// <summary>A short run of chaos, always the same: what is to be proven at length is <c>make chaos</c>.</summary>
/// <remarks>One collection: each test runs a whole pipeline, which is work for two cores on its own.</remarks>
[Collection("pipeline")]
public sealed class Chaos
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Two_rounds_of_faults_leave_no_difference()
    {
        using var chaos = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Returns.Chaos.dll"), "--rounds", "2", "--seed", "1891754664", "--units", "200"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var (output, errors) = (chaos.StandardOutput.ReadToEndAsync(), chaos.StandardError.ReadToEndAsync());
            await chaos.WaitForExitAsync().WaitAsync(Bound);
            var said = $"{await output}\n{await errors}";
            TestContext.Current.TestOutputHelper?.WriteLine(said);
            Assert.True(chaos.ExitCode == 0, said);
            Assert.EndsWith("differences: 0", (await output).TrimEnd(), StringComparison.Ordinal);
        }
        finally
        {
            if (!chaos.HasExited)
            {
                chaos.Kill(entireProcessTree: true);
            }
        }
    }
}
