using System.Text.Json;
using Returns.Contracts;
using Returns.Worker.Tests.Notifier;

namespace Returns.EndToEnd.Alerts;

/// <summary>From scans to what people are told, with a real Prometheus and a real Alertmanager.</summary>
[Collection(MonitoredPipelineCollection.Name)]
public sealed class VendorAlerts(MonitoredPipeline pipeline)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Scans_that_cross_an_agreements_threshold_notify_once_and_resolve_when_the_rate_has_come_down()
    {
        Assert.SkipWhen(MonitoredPipeline.Missing is not null, MonitoredPipeline.Missing ?? "");
        pipeline.Publish("breach", 40, ReturnReason.Defective);
        var fired = Assert.Single(await NotifiedAsync("VendorDefectRate", "breach", "firing"));
        Assert.Equal("V-1002", Label(fired, "vendor"));
        Assert.Matches("^V-1002: [0-9.]+ % of units defective, [0-9.]+ % allowed$", fired.GetProperty("annotations").GetProperty("summary").GetString());

        pipeline.Publish("breach", 600, ReturnReason.ChangedMind);
        Assert.Equal(Label(fired, "alert_id"), Label(Assert.Single(await NotifiedAsync("VendorDefectRate", "breach", "resolved")), "alert_id"));
        Assert.Single(await NotifiedAsync("VendorDefectRate", "breach", "firing"));

        // The webhook that the notifier posts to has heard the same.
        var heard = pipeline.Direct.Posts.Select(p => JsonDocument.Parse(p.Body).RootElement)
            .Where(a => a.GetProperty("program").GetString() == "breach" && a.GetProperty("measure").GetString() == "units").ToList();
        Assert.Equal([$"{Label(fired, "alert_id")} raised", $"{Label(fired, "alert_id")} cleared"], heard.Select(a => $"{a.GetProperty("alertId").GetString()} {a.GetProperty("state").GetString()}"));

        // Prometheus sees what the roles count.
        await pipeline.PrometheusSaysAsync("returns_compliance_alerts_total{state=\"raised\"} > 0");
        await pipeline.PrometheusSaysAsync("returns_compliance_alerts_total{state=\"cleared\"} > 0");
        await pipeline.PrometheusSaysAsync("returns_notifier_alerts_total{receiver=\"alertmanager\",result=\"delivered\"} >= 2");
        await pipeline.PrometheusSaysAsync("sum(returns_worker_ready) == 5");
    }

    [Fact]
    public async Task What_is_raised_while_Alertmanager_is_away_arrives_when_it_is_back()
    {
        Assert.SkipWhen(MonitoredPipeline.Missing is not null, MonitoredPipeline.Missing ?? "");
        await pipeline.StopAlertmanagerAsync();
        pipeline.Publish("outage", 40, ReturnReason.Defective);
        await pipeline.PrometheusSaysAsync("returns_notifier_alerts_total{receiver=\"alertmanager\",result=\"retried\"} >= 2");
        Assert.Empty(Notified("VendorDefectRate", "outage", "firing"));
        await pipeline.StartAlertmanagerAsync();
        Assert.Single(await NotifiedAsync("VendorDefectRate", "outage", "firing"));
    }

    [Fact]
    public async Task A_rule_of_Prometheus_notifies_through_the_same_Alertmanager()
    {
        Assert.SkipWhen(MonitoredPipeline.Missing is not null, MonitoredPipeline.Missing ?? "");
        // Of what is no scan.
        var fired = (await NotifiedAsync("ReturnsNewErrorClass", null, "firing"))[0];
        Assert.Equal(("returns.triage", "warning"), (Label(fired, "application"), Label(fired, "severity")));
        Assert.Equal("infra/prometheus/runbooks/dead-letters.md", fired.GetProperty("annotations").GetProperty("runbook").GetString());
    }

    private async Task<List<JsonElement>> NotifiedAsync(string name, string? program, string status)
    {
        for (var until = DateTimeOffset.UtcNow + Bound; ;)
        {
            if (Notified(name, program, status) is { Count: > 0 } alerts)
            {
                return alerts;
            }
            Assert.True(DateTimeOffset.UtcNow < until, $"nobody was told that {name} of {program} is {status}; {pipeline.Hook.Posts.Count} notifications");
            await Task.Delay(50);
        }
    }

    /// <summary>The alerts that Alertmanager has told the webhook of; of a vendor those by units.</summary>
    private List<JsonElement> Notified(string name, string? program, string status) =>
        [.. pipeline.Hook.Posts.SelectMany((FakeReceiver.Post p) => JsonDocument.Parse(p.Body).RootElement.GetProperty("alerts").EnumerateArray())
            .Where(a => Label(a, "alertname") == name && a.GetProperty("status").GetString() == status && (program is null || (Label(a, "program"), Label(a, "measure")) == (program, "units")))];

    private static string? Label(JsonElement alert, string name) => alert.GetProperty("labels").TryGetProperty(name, out var value) ? value.GetString() : null;
}
