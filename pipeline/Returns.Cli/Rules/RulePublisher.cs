using Confluent.Kafka;
using Returns.Cli.Up;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;

namespace Returns.Cli.Rules;

/// <summary>Reads rule documents from a folder, and publishes them to returns.rules.</summary>
internal static class RulePublisher
{
    /// <summary>The rules that come with the program.</summary>
    public static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "rules");

    /// <summary>Reads and checks every .yaml of a folder, and compiles them together.</summary>
    /// <exception cref="UpException">The folder cannot be read, or a document is wrong: every error, by file and line.</exception>
    public static (IReadOnlyList<RuleDocument> Documents, RuleBook Book) Read(string folder)
    {
        List<RuleFile> files;
        try
        {
            files = [.. Directory.EnumerateFiles(folder, "*.yaml").Select(file => new RuleFile(Path.GetRelativePath(folder, file), File.ReadAllBytes(file)))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UpException($"rules in {folder}: {error.Message}");
        }
        return RuleFile.TryCompile(files, out var documents, out var book, out var errors)
            ? (documents, book)
            : throw new UpException($"rules in {folder} are not valid:\n{string.Join('\n', errors.Select(e => "  " + e))}");
    }

    /// <summary>Publishes documents, which take effect at once.</summary>
    /// <param name="client">How to reach Kafka.</param>
    /// <param name="documents">What is published.</param>
    /// <param name="schemas">Where schema ids come from, as for the workers.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UpException">The broker does not take them, or the registry does not answer.</exception>
    public static async Task PublishAsync(ClientConfig client, IReadOnlyList<RuleDocument> documents, ISchemaIds schemas, CancellationToken cancel)
    {
        try
        {
            (schemas as RegistrySchemaIds)?.Register<RuleSet>(Topics.Rules);
        }
        catch (SchemaRegistryException error)
        {
            throw new UpException(error.Message);
        }
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(new Dictionary<string, string>(client))
        {
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
            MessageTimeoutMs = 60_000,
        }).Build();
        var (encoder, record) = (new WireEncoder<RuleSet>(schemas, Topics.Rules), new RuleSet());
        foreach (var document in documents)
        {
            document.Fill(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), record);
            try
            {
                await producer.ProduceAsync(Topics.Rules, new Message<byte[], byte[]> { Key = document.Key.Span.ToArray(), Value = encoder.Encode(record).ToArray() }, cancel);
            }
            catch (ProduceException<byte[], byte[]> error)
            {
                throw new UpException($"{document} could not be published to {Topics.Rules}: {error.Error.Reason}");
            }
        }
    }
}
