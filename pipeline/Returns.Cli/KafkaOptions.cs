using System.CommandLine;
using Confluent.Kafka;
using Returns.Cli.Up;
using Returns.Streams.Kafka;

namespace Returns.Cli;

/// <summary>How a command that only talks to Kafka reaches it: <c>--kafka</c> and <c>--kafka-config</c>.</summary>
internal sealed class KafkaOptions
{
    private readonly Option<string?> _servers = new("--kafka") { Description = "Kafka to use; localhost:9092 where neither this nor the properties name one.", HelpName = "HOST:PORT" };
    private readonly Option<FileInfo?> _properties = new("--kafka-config") { Description = "librdkafka properties, one name=value a line: SASL, TLS.", HelpName = "FILE" };

    /// <summary>Adds the options to a command.</summary>
    public Command On(Command command)
    {
        command.Options.Add(_servers);
        command.Options.Add(_properties);
        return command;
    }

    /// <summary>Settings of a client, as they were given.</summary>
    /// <exception cref="UpException">The file of properties cannot be used.</exception>
    public ClientConfig Read(ParseResult result, string clientId)
    {
        try
        {
            var client = result.GetValue(_properties) is { } file ? ClientProperties.Read(file.FullName) : new ClientConfig();
            client.ClientId ??= clientId;
            client.BootstrapServers = result.GetValue(_servers) ?? (string.IsNullOrEmpty(client.BootstrapServers) ? "localhost:9092" : client.BootstrapServers);
            return client;
        }
        catch (FormatException error)
        {
            throw new UpException($"--kafka-config: {error.Message}");
        }
    }
}
