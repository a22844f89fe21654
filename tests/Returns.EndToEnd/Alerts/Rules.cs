using System.Diagnostics;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Returns.EndToEnd.Alerts;

/// <summary>The rules of infra/prometheus: by promtool, and by what promtool does not ask.</summary>
public sealed class Rules
{
    private static readonly string Folder = Path.Combine(UpProcess.RepositoryFolder, "infra", "prometheus");
    private static readonly List<YamlMappingNode> All = [.. Groups().SelectMany(g => Children(g, "rules"))];
    private static readonly List<YamlMappingNode> Alerting = [.. All.Where(r => r.Children.ContainsKey("alert"))];

    [Theory]
    [InlineData("check", "config", "prometheus.yml")]
    [InlineData("check", "rules", "rules/returns.yml")]
    [InlineData("test", "rules", "tests/returns.yml")]
    public async Task Promtool_finds_nothing_wrong(params string[] arguments)
    {
        Assert.SkipWhen(MonitoringTools.Promtool is null, MonitoringTools.Missing);
        using var process = Process.Start(new ProcessStartInfo(MonitoringTools.Promtool!, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.True(process.ExitCode == 0, await output + await errors);
    }

    [Fact]
    public void Each_alert_has_a_severity_a_summary_and_a_runbook_with_its_name_and_all_four_parts()
    {
        Assert.NotEmpty(Alerting);
        foreach (var rule in Alerting)
        {
            var (name, labels, annotations) = (Text(rule, "alert"), (YamlMappingNode)rule["labels"], (YamlMappingNode)rule["annotations"]);
            Assert.Contains(Text(labels, "severity"), (string[])["critical", "warning"]);
            Assert.NotEmpty(Text(annotations, "summary"));
            Assert.NotEmpty(Text(annotations, "description"));
            var page = File.ReadAllText(Path.Combine(UpProcess.RepositoryFolder, Text(annotations, "runbook")));
            Assert.Contains($"`{name}`", page, StringComparison.Ordinal);
            Assert.Equal(["## Meaning", "## Impact", "## Diagnosis", "## What to do"], page.Split('\n').Where(l => l.StartsWith("## ", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Each_runbook_belongs_to_an_alert() =>
        Assert.Equal(
            Directory.EnumerateFiles(Path.Combine(Folder, "runbooks")).Select(Path.GetFileName).Order(),
            Alerting.Select(r => Path.GetFileName(Text((YamlMappingNode)r["annotations"], "runbook"))).Distinct().Order());

    [Fact]
    public void Each_metric_that_a_rule_names_exists_or_is_recorded()
    {
        var recorded = All.Where(r => r.Children.ContainsKey("record")).Select(r => Text(r, "record")).ToHashSet();
        var unknown = All.SelectMany(r => KnownMetrics.NamedIn(Text(r, "expr"))).Where(m => !recorded.Contains(m) && !KnownMetrics.Exists(m));
        Assert.Empty(unknown);
    }

    [Fact]
    public void Each_alert_is_tested_firing_and_not_firing()
    {
        var tests = Children(Read("tests/returns.yml"), "tests").SelectMany(t => Children(t, "alert_rule_test")).ToList();
        foreach (var name in Alerting.Select(r => Text(r, "alert")))
        {
            var expected = tests.Where(t => Text(t, "alertname") == name).Select(t => ((YamlSequenceNode)t["exp_alerts"]).Children.Count).ToList();
            Assert.True(expected.Contains(0) && expected.Exists(n => n > 0), $"{name} is not tested both ways in tests/returns.yml");
        }
    }

    private static IEnumerable<YamlMappingNode> Groups() =>
        Directory.EnumerateFiles(Path.Combine(Folder, "rules"), "*.yml").SelectMany(file => Children(Read(file), "groups"));

    private static YamlMappingNode Read(string file)
    {
        var yaml = new YamlStream();
        using var reader = File.OpenText(Path.Combine(Folder, file));
        yaml.Load(reader);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static IEnumerable<YamlMappingNode> Children(YamlMappingNode node, string name) => ((YamlSequenceNode)node[name]).Children.Cast<YamlMappingNode>();

    private static string Text(YamlMappingNode node, string name) => ((YamlScalarNode)node[name]).Value!;
}

/// <summary>The metrics there are: those of the worker's README, which its tests hold against what the roles register, and Prometheus' own.</summary>
internal static partial class KnownMetrics
{
    private static readonly HashSet<string> Names = [.. File.ReadLines(Path.Combine(UpProcess.RepositoryFolder, "pipeline", "Returns.Worker", "README.md"))
        .Where(l => l.StartsWith("| returns_", StringComparison.Ordinal)).SelectMany(Series)];

    /// <summary>The metrics that an expression names, recorded ones included.</summary>
    public static IEnumerable<string> NamedIn(string expression) =>
        Metric().Matches(Quoted().Replace(expression, "")).Select(m => m.Value).Where(m => m.Contains("returns_", StringComparison.Ordinal)).Distinct();

    /// <summary>Whether a role exports it.</summary>
    public static bool Exists(string metric) => Names.Contains(metric);

    private static IEnumerable<string> Series(string row)
    {
        var cells = row.Split('|');
        var (name, type) = (cells[1].Trim(), cells[2].Trim());
        return type == "histogram" ? [$"{name}_bucket", $"{name}_sum", $"{name}_count"] : [name];
    }

    [GeneratedRegex("[a-zA-Z_:][a-zA-Z0-9_:]*")]
    private static partial Regex Metric();

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"")]
    private static partial Regex Quoted();
}
