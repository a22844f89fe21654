using System.Text.RegularExpressions;
using Returns.EndToEnd.Alerts;

namespace Returns.EndToEnd.Dashboards;

/// <summary>What must be so of every dashboard, without a server.</summary>
public sealed class Lint
{
    // Of Grafana's units those that say what figures here are in.
    private static readonly string[] Units = ["short", "percentunit", "ms", "s", "ops", "rowsps", "bytes", "masskg", "dateTimeAsIso"];

    public static TheoryData<string> Names => [.. Dashboard.All.Select(d => d.Name)];

    [Fact]
    public void There_is_one_for_each_who_looks() =>
        Assert.Equal(["finance", "grading-quality", "operations-floor", "pipeline-health", "recovery", "vendor-compliance"], Dashboard.All.Select(d => d.Name));

    [Fact]
    public void Uids_and_titles_are_those_of_one_dashboard_each()
    {
        Assert.Equal(Dashboard.All.Select(d => $"returns-{d.Name}"), Dashboard.All.Select(d => d.Json.GetProperty("uid").GetString()));
        Assert.Equal(Dashboard.All.Count, Dashboard.All.Select(d => d.Json.GetProperty("title").GetString()).Distinct().Count());
        Assert.All(Dashboard.All, d => Assert.NotEmpty(d.Json.GetProperty("description").GetString()!));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_panel_has_a_title_a_unit_and_a_place_of_its_own(string name)
    {
        var dashboard = Dashboard.All.Single(d => d.Name == name);
        Assert.All(dashboard.Panels, p => Assert.NotEmpty(p.GetProperty("title").GetString()!));
        Assert.Distinct(dashboard.Panels.Select(p => p.GetProperty("title").GetString()));
        Assert.Distinct(dashboard.Panels.Select(p => p.GetProperty("id").GetInt32()));
        var taken = new HashSet<(int, int)>();
        foreach (var panel in dashboard.Panels)
        {
            var config = panel.GetProperty("fieldConfig");
            Assert.Contains(config.GetProperty("defaults").GetProperty("unit").GetString(), Units);
            foreach (var property in config.GetProperty("overrides").EnumerateArray().SelectMany(o => o.GetProperty("properties").EnumerateArray()).Where(p => p.GetProperty("id").GetString() == "unit"))
            {
                Assert.Contains(property.GetProperty("value").GetString(), Units);
            }
            var (at, title) = (panel.GetProperty("gridPos"), panel.GetProperty("title").GetString());
            var (x, y, w, h) = (at.GetProperty("x").GetInt32(), at.GetProperty("y").GetInt32(), at.GetProperty("w").GetInt32(), at.GetProperty("h").GetInt32());
            Assert.True(x >= 0 && x + w <= 24, $"{title} does not fit in 24 columns");
            Assert.True(Enumerable.Range(x, w).All(i => Enumerable.Range(y, h).All(j => taken.Add((i, j)))), $"{title} covers another panel");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_query_names_a_data_source_that_is_provisioned_and_of_its_type(string name)
    {
        var dashboard = Dashboard.All.Single(d => d.Name == name);
        foreach (var source in dashboard.Panels.SelectMany(p => p.GetProperty("targets").EnumerateArray().Prepend(p)).Concat(dashboard.Json.GetProperty("templating").GetProperty("list").EnumerateArray()))
        {
            Assert.Equal(Provisioned.Types[Dashboard.SourceOf(source)], source.GetProperty("datasource").GetProperty("type").GetString());
        }
        foreach (var panel in dashboard.Panels)
        {
            var targets = panel.GetProperty("targets").EnumerateArray().ToList();
            Assert.NotEmpty(targets);
            Assert.Distinct(targets.Select(t => t.GetProperty("refId").GetString()));
            Assert.All(targets, t => Assert.Equal(Dashboard.SourceOf(panel), Dashboard.SourceOf(t)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_metric_exists_or_is_recorded(string name)
    {
        var recorded = Directory.EnumerateFiles(Path.Combine(UpProcess.RepositoryFolder, "infra", "prometheus", "rules")).SelectMany(File.ReadLines)
            .Select(l => Regex.Match(l, "- record: (.+)$")).Where(m => m.Success).Select(m => m.Groups[1].Value).ToHashSet();
        var dashboard = Dashboard.All.Single(d => d.Name == name);
        foreach (var target in dashboard.Panels.SelectMany(p => p.GetProperty("targets").EnumerateArray()).Where(t => t.TryGetProperty("expr", out _)))
        {
            var expression = target.GetProperty("expr").GetString()!;
            var named = KnownMetrics.NamedIn(expression).ToList();
            Assert.NotEmpty(named);
            Assert.All(named, metric => Assert.True(recorded.Contains(metric) || KnownMetrics.Exists(metric), $"{metric}: no role exports it, and no rule records it"));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Amounts_are_never_summed_across_currencies(string name)
    {
        var dashboard = Dashboard.All.Single(d => d.Name == name);
        foreach (var sql in dashboard.Panels.SelectMany(p => p.GetProperty("targets").EnumerateArray()).Where(t => t.TryGetProperty("rawSql", out _)).Select(t => t.GetProperty("rawSql").GetString()!))
        {
            if (Regex.IsMatch(sql, @"sum\((amount|total|[a-z_]*value|[a-z_]*recovery|[a-z_]*proceeds|handling_cost|settled_expected)\)"))
            {
                Assert.Matches("currency", sql);
                Assert.Matches("GROUP BY .*(currency|\\bof\\b)", sql);
            }
        }
    }
}
