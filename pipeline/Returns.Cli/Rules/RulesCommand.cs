using System.CommandLine;

namespace Returns.Cli.Rules;

/// <summary>The command line of <c>returns rules</c>.</summary>
internal static class RulesCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var folder = new Argument<DirectoryInfo>("DIR") { Description = "Folder with the rule documents (.yaml).", DefaultValueFactory = _ => new DirectoryInfo(RulePublisher.DefaultFolder) };
        var kafka = new KafkaOptions();
        var check = new Command("check", "Check rule documents, each and together.") { folder };
        check.SetAction(result =>
        {
            var (documents, _) = RulePublisher.Read(result.GetValue(folder)!.FullName);
            foreach (var document in documents)
            {
                Console.WriteLine(document);
            }
        });
        var publish = kafka.On(new Command("publish", "Check rule documents, and publish them: they take effect at once, without a deployment.") { folder });
        publish.SetAction(async (result, cancel) =>
        {
            var (documents, _) = RulePublisher.Read(result.GetValue(folder)!.FullName);
            await RulePublisher.PublishAsync(kafka.Read(result, "returns.rules"), documents, cancel);
            foreach (var document in documents)
            {
                Console.WriteLine($"published {document}");
            }
        });
        return new Command("rules", "Grading criteria, routing table, channels, vendor agreements, and category keywords.") { check, publish };
    }
}
