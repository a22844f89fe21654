using System.CommandLine;

namespace Returns.Cli.Rules;

/// <summary>The command line of <c>returns rules</c>.</summary>
internal static class RulesCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("DIR") { Description = "Folder with the rule documents (.yaml).", DefaultValueFactory = _ => new DirectoryInfo(RulePublisher.DefaultFolder) };
        var (kafka, registry) = (new KafkaOptions(), new RegistryOption());
        var check = new Command("check", "Check rule documents, each and together.") { folder };
        check.SetAction(result =>
        {
            var (documents, _) = RulePublisher.Read(result.GetValue(folder)!.FullName);
            foreach (var document in documents)
            {
                Console.WriteLine(document);
            }
        });
        var publish = registry.On(kafka.On(new Command("publish", "Check rule documents, and publish them: they take effect at once, without a deployment.") { folder }));
        publish.SetAction(async (result, cancel) =>
        {
            var (documents, _) = RulePublisher.Read(result.GetValue(folder)!.FullName);
            using var registered = registry.Read(result, out var schemas);
            await RulePublisher.PublishAsync(kafka.Read(result, "returns.rules"), documents, schemas, cancel);
            foreach (var document in documents)
            {
                Console.WriteLine($"published {document}");
            }
        });
        return new Command("rules", "Grading criteria, routing table, channels, vendor agreements, and category keywords.") { check, publish };
    }
}
