using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Returns.Contracts;
using Returns.EndToEnd.Alerts;
using Returns.Worker.Notifier;

namespace Returns.Worker.Tests.Notifier;

/// <summary>What Alertmanager itself makes of what it is sent.</summary>
public sealed class RealAlertmanager
{
    [Fact]
    public async Task It_notifies_once_that_an_alert_fires_and_once_that_it_is_resolved()
    {
        var program = MonitoringTools.Alertmanager;
        Assert.SkipWhen(program is null, MonitoringTools.Missing);
        using var hook = new FakeReceiver();
        var folder = Directory.CreateTempSubdirectory("returns-alertmanager-");
        var port = FreePort();
        var config = Path.Combine(folder.FullName, "alertmanager.yml");
        await File.WriteAllTextAsync(config, $$"""
            route: {receiver: hook, group_by: [alert_id], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
            receivers: [{name: hook, webhook_configs: [{url: '{{hook.Url}}', send_resolved: true}]}]
            """, TestContext.Current.CancellationToken);
        using var process = Process.Start(new ProcessStartInfo(program!,
            [$"--config.file={config}", $"--storage.path={folder.FullName}", $"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="])
        { RedirectStandardError = true, RedirectStandardOutput = true })!;
        try
        {
            process.ErrorDataReceived += (_, _) => { };
            process.OutputDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            using var receiver = new AlertmanagerReceiver(new Uri($"http://127.0.0.1:{port}"), TimeProvider.System, TimeSpan.FromMinutes(1));
            var raised = new VendorAlert { AlertId = "VA-1", Program = "north", Vendor = "V-1", Agreement = "2026", State = AlertState.Raised, Rate = 0.25, Allowed = 0.1, Currency = Currency.Parse("GBP") };
            var at = DateTimeOffset.UtcNow;
            await UntilTakenAsync(receiver, raised, at);
            var fired = Read((await hook.TakenAsync(1))[0]);
            Assert.Equal(("firing", "V-1"), (fired.GetProperty("status").GetString(), fired.GetProperty("commonLabels").GetProperty("vendor").GetString()));

            // Told again, as each minute, it is the same alert.
            await receiver.DeliverAsync(raised, at, TestContext.Current.CancellationToken);
            raised.State = AlertState.Cleared;
            await receiver.DeliverAsync(raised, DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
            var posts = await hook.TakenAsync(2);
            Assert.Equal("resolved", Read(posts[1]).GetProperty("status").GetString());
            Assert.Equal(2, posts.Count);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            folder.Delete(recursive: true);
        }
    }

    private static async Task UntilTakenAsync(AlertmanagerReceiver receiver, VendorAlert alert, DateTimeOffset at)
    {
        for (var until = DateTimeOffset.UtcNow.AddSeconds(60); ;)
        {
            try
            {
                await receiver.DeliverAsync(alert, at, TestContext.Current.CancellationToken);
                return;
            }
            catch (HttpRequestException) when (DateTimeOffset.UtcNow < until)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    private static JsonElement Read(FakeReceiver.Post post) => JsonDocument.Parse(post.Body).RootElement;

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
