using System.CommandLine;
using Confluent.Kafka;
using Returns.Cli.Up;

namespace Returns.Cli;

/// <summary>The command line of <c>returns topics</c>.</summary>
internal static class TopicsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var kafka = new KafkaOptions();
        var create = kafka.On(new Command("create", "Create the topics that are missing, and check those that are there."));
        create.SetAction(async (result, _) =>
        {
            var client = kafka.Read(result, "returns.topics");
            using var admin = new AdminClientBuilder(client).SetLogHandler((_, _) => { }).Build();
            await TopicSetup.EnsureAsync(admin, client.BootstrapServers);
            Console.WriteLine($"all topics are there, on {client.BootstrapServers}");
        });
        return new Command("topics", "The topics that the roles read and write.") { create };
    }
}
