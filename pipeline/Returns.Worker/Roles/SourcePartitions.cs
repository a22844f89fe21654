using Confluent.Kafka;
using Returns.Streams.Kafka;

namespace Returns.Worker.Roles;

/// <summary>How many partitions a topic has, for windows that wait for each of them.</summary>
internal static class SourcePartitions
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    /// <summary>The count; 1 where the topic is missing, which the application then says. Waits for a broker as long as it takes, and
    /// says what it refuses.</summary>
    public static async Task<int> CountAsync(ClientConfig client, string topic, BrokerRefusals refusals, CancellationToken cancel)
    {
        using var admin = new AdminClientBuilder(client).SetLogHandler((_, _) => { }).SetErrorHandler((_, error) => refusals.Hear(error)).Build();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                return Math.Max(1, (await Task.Run(() => admin.GetMetadata(topic, AskEvery), cancel)).Topics[0].Partitions.Count);
            }
            catch (KafkaException)
            {
                // The broker is not there yet: nothing can be lost before the group is joined.
                await Task.Delay(AskEvery, cancel);
            }
        }
    }
}
