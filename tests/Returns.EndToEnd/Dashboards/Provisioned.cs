using YamlDotNet.RepresentationModel;

namespace Returns.EndToEnd.Dashboards;

/// <summary>What infra/compose gives Grafana.</summary>
internal static class Provisioned
{
    /// <summary>Types of data sources by uid.</summary>
    public static IReadOnlyDictionary<string, string> Types { get; } = ((YamlSequenceNode)Read("grafana/datasources.yml")["datasources"]).Children.Cast<YamlMappingNode>()
        .ToDictionary(s => Text(s, "uid"), s => Text(s, "type"));

    /// <summary>A file of infra/compose.</summary>
    public static YamlMappingNode Read(string file)
    {
        var yaml = new YamlStream();
        using var reader = File.OpenText(Path.Combine(UpProcess.RepositoryFolder, "infra", "compose", file));
        yaml.Load(new YamlDotNet.Core.MergingParser(new YamlDotNet.Core.Parser(reader)));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    /// <summary>A scalar of a mapping.</summary>
    public static string Text(YamlMappingNode node, string name) => ((YamlScalarNode)node[name]).Value!;
}
