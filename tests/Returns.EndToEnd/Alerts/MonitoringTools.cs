namespace Returns.EndToEnd.Alerts;

/// <summary>Prometheus and Alertmanager: the ones that RETURNS_TEST_PROMETHEUS, RETURNS_TEST_PROMTOOL and RETURNS_TEST_ALERTMANAGER
/// name, those on the path, or those that install-prometheus.sh has unpacked.</summary>
internal static class MonitoringTools
{
    /// <summary>Why there are none.</summary>
    public const string Missing = "no Prometheus or Alertmanager on the path or in artifacts/prometheus: tests/Returns.EndToEnd/Alerts/install-prometheus.sh unpacks them on a Debian";

    /// <summary>The Prometheus server; null where there is none.</summary>
    public static string? Prometheus { get; } = Find("RETURNS_TEST_PROMETHEUS", "prometheus");

    /// <summary>Its tool, which checks and tests rules; null where there is none.</summary>
    public static string? Promtool { get; } = Find("RETURNS_TEST_PROMTOOL", "promtool");

    /// <summary>Alertmanager, under Debian's name; null where there is none.</summary>
    public static string? Alertmanager { get; } = Find("RETURNS_TEST_ALERTMANAGER", "prometheus-alertmanager");

    /// <summary>The folder of the solution, found above the program's own.</summary>
    public static string Repository
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Returns.Streaming.sln")))
            {
                folder = folder.Parent ?? throw new DirectoryNotFoundException($"no Returns.Streaming.sln above {AppContext.BaseDirectory}");
            }
            return folder.FullName;
        }
    }

    private static string? Find(string variable, string name) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named ? named
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append(Path.Combine(Repository, "artifacts", "prometheus", "bin"))
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
