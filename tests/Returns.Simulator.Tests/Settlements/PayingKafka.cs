using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Simulator.Settlements;
using Returns.Simulator.Tests.Feeding;

namespace Returns.Simulator.Tests.Settlements;

public sealed class PayingKafka
{
    [Fact]
    public async Task A_feeder_that_is_started_again_pays_the_rest_and_nothing_new_for_what_was_paid()
    {
        await using var broker = await Broker.StartAsync();
        using var admin = new AdminClientBuilder(broker.Client).SetLogHandler((_, _) => { }).Build();
        await admin.CreateTopicsAsync(new[] { Topics.Dispositions, Topics.Settlements }.Select(t => new TopicSpecification { Name = t, NumPartitions = 3, ReplicationFactor = 1 }));
        var decisions = Paying.Decisions().ToList();
        Publish(broker.Client, decisions[..2_000]);
        await PayAsync(broker.Client);
        var first = Read(broker);
        Publish(broker.Client, decisions[2_000..]);
        await PayAsync(broker.Client);
        var both = Read(broker);

        await using var undisturbed = await Broker.StartAsync();
        using var other = new AdminClientBuilder(undisturbed.Client).SetLogHandler((_, _) => { }).Build();
        await other.CreateTopicsAsync(new[] { Topics.Dispositions, Topics.Settlements }.Select(t => new TopicSpecification { Name = t, NumPartitions = 3, ReplicationFactor = 1 }));
        Publish(undisturbed.Client, decisions);
        await PayAsync(undisturbed.Client);

        Assert.NotEmpty(first);
        Assert.True(both.Count > first.Count, $"{first.Count} and then {both.Count}");
        Assert.Equal(Read(undisturbed), both);
    }

    private static async Task PayAsync(ClientConfig client)
    {
        var feeder = new SettlementFeeder(client, seed: 1);
        using var stop = new CancellationTokenSource();
        var running = feeder.RunAsync(stop.Token);
        await feeder.ThroughAsync(CancellationToken.None).WaitAsync(Broker.Patience);
        await stop.CancelAsync();
        await running;
    }

    private static void Publish(ClientConfig client, List<ItemRouted> decisions)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(client) { TransactionalId = "triage", Partitioner = Partitioner.Murmur2Random }).SetLogHandler((_, _) => { }).Build();
        producer.InitTransactions(Broker.Patience);
        producer.BeginTransaction();
        foreach (var decision in decisions)
        {
            producer.Produce(Topics.Dispositions, new Message<byte[], byte[]> { Key = decision.Lpn.Span.ToArray(), Value = new WireEncoder<ItemRouted>().Encode(decision).ToArray() });
        }
        producer.CommitTransaction(Broker.Patience);
    }

    private static SortedSet<string> Read(Broker broker)
    {
        var ids = new SortedSet<string>(StringComparer.Ordinal);
        var (decoder, settlement) = (new WireDecoder<Settlement>(), new Settlement());
        foreach (var value in broker.Committed(Topics.Settlements).Values.SelectMany(v => v))
        {
            Assert.True(decoder.TryDecode(Convert.FromHexString(value), settlement, out var error), error.ToString());
            ids.Add(settlement.SettlementId.ToString());
        }
        return ids;
    }
}
