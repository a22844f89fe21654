using Returns.EndToEnd.Alerts;

namespace Returns.EndToEnd.Dashboards;

/// <summary>Every query of every panel against a ClickHouse and a Prometheus that the pipeline has filled.</summary>
[Collection(MonitoredPipelineCollection.Name)]
public sealed class Panels(MonitoredPipeline pipeline)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    public static TheoryData<string> Names => [.. Dashboard.All.Select(d => d.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_query_returns_rows(string name)
    {
        Assert.SkipWhen(MonitoredPipeline.Missing is not null, MonitoredPipeline.Missing ?? "");
        var dashboard = Dashboard.All.Single(d => d.Name == name);
        foreach (var panel in dashboard.Panels)
        {
            foreach (var target in panel.GetProperty("targets").EnumerateArray())
            {
                await HasRowsAsync(panel.GetProperty("title").GetString()!, () => Dashboard.SourceOf(target) == "prometheus"
                    ? FromPrometheusAsync(target.GetProperty("expr").GetString()!)
                    : FromClickHouseAsync(dashboard, target.GetProperty("rawSql").GetString()!));
            }
        }
    }

    private static async Task HasRowsAsync(string panel, Func<Task<bool>> ask)
    {
        for (var until = DateTimeOffset.UtcNow + Bound; !await ask(); await Task.Delay(200))
        {
            Assert.True(DateTimeOffset.UtcNow < until, $"'{panel}' shows nothing");
        }
    }

    private async Task<bool> FromPrometheusAsync(string expression) => await pipeline.RowsAsync(Dashboard.PromQl(expression)) > 0;

    /// <summary>Whether there are rows, with a figure that is one.</summary>
    private async Task<bool> FromClickHouseAsync(Dashboard dashboard, string sql)
    {
        var rows = await pipeline.Up.AskClickHouseAsync(dashboard.Sql(sql) + " FORMAT TSV");
        return rows.Split(['\n', '\t'], StringSplitOptions.RemoveEmptyEntries).Any(cell => cell is not ("\\N" or "nan"));
    }
}
