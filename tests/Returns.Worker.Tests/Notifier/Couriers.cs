using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.LocalKafka;
using Returns.Worker.Notifier;

namespace Returns.Worker.Tests.Notifier;

public sealed class Couriers : IAsyncLifetime
{
    private static readonly byte[] Secret = "hunter2"u8.ToArray();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("returns-notifier-");
    private readonly FakeReceiver _receiver = new();
    private readonly VendorAlert _decoded = new();
    private LocalKafkaServer _broker = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = _folder.FullName, Log = TextWriter.Null });
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _broker.BootstrapServers }).Build();
        await admin.CreateTopicsAsync(((string[])[Topics.VendorAlerts, Topics.DeadLetters]).Select(name => new TopicSpecification { Name = name, NumPartitions = 2, ReplicationFactor = 1 }));
    }

    public async ValueTask DisposeAsync()
    {
        _receiver.Dispose();
        await _broker.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_webhook_gets_each_alert_once_in_order_signed_and_nothing_again_after_a_restart()
    {
        Publish(Alert("VA-1", AlertState.Raised), Alert("VA-1", AlertState.Cleared));
        await RunAsync(Webhook(), async () => await _receiver.TakenAsync(2));
        Publish(Alert("VA-2", AlertState.Raised));
        await RunAsync(Webhook(), async () => await _receiver.TakenAsync(3));

        Assert.Equal(["VA-1-raised", "VA-1-cleared", "VA-2-raised"], _receiver.Posts.Select(p => p.Delivery));
        foreach (var post in _receiver.Posts)
        {
            var parts = post.Signature!.Split(',').Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1]);
            byte[] signed = [.. Encoding.UTF8.GetBytes(parts["t"] + "."), .. post.Body];
            Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Secret, signed)), parts["v1"]);
        }
        var body = JsonDocument.Parse(_receiver.Posts.First().Body).RootElement;
        Assert.Equal(("VA-1", "raised", "north", "V-1", 0.25), (body.GetProperty("alertId").GetString(), body.GetProperty("state").GetString(), body.GetProperty("program").GetString(),
            body.GetProperty("vendor").GetString(), body.GetProperty("rate").GetDouble()));
    }

    [Fact]
    public async Task A_receiver_that_is_away_misses_nothing_and_one_that_refuses_an_alert_gets_the_next()
    {
        foreach (var answer in new[] { 503, 500, 429, 200, 422 })
        {
            _receiver.Answers.Enqueue(answer);
        }
        Publish(Alert("VA-1", AlertState.Raised), Alert("VA-2", AlertState.Raised), Alert("VA-3", AlertState.Raised));
        await RunAsync(Webhook(), async () => await _receiver.TakenAsync(2));
        Assert.Equal([("VA-1-raised", 503), ("VA-1-raised", 500), ("VA-1-raised", 429), ("VA-1-raised", 200), ("VA-2-raised", 422), ("VA-3-raised", 200)],
            _receiver.Posts.Select(p => (p.Delivery!, p.Answered)));

        // What was refused is in the dead letters, as it was and with the reason.
        var (letter, headers) = DeadLetter();
        Assert.True(new WireDecoder<VendorAlert>().TryDecode(letter.Value, _decoded, out _));
        Assert.Equal(("VA-2", AlertState.Raised, "north|V-1"), (_decoded.AlertId.ToString(), _decoded.State, Encoding.UTF8.GetString(letter.Key)));
        Assert.Equal((Topics.VendorAlerts, "1", "AlertRefused"), (headers["source.topic"], headers["source.offset"], headers["error.class"]));
        Assert.Matches("^webhook-[0-9a-f]{12}: http://127.0.0.1:[0-9]+/ answered 422$", headers["error.message"]);
    }

    [Fact]
    public async Task One_that_is_stopped_while_its_receiver_is_away_delivers_when_it_is_back()
    {
        for (var i = 0; i < 1000; i++)
        {
            _receiver.Answers.Enqueue(503);
        }
        Publish(Alert("VA-1", AlertState.Raised));
        await RunAsync(Webhook(), async () =>
        {
            var until = DateTimeOffset.UtcNow.AddSeconds(60);
            while (_receiver.Posts.Count < 2)
            {
                Assert.True(DateTimeOffset.UtcNow < until, "it was not tried twice");
                await Task.Delay(20);
            }
        });
        _receiver.Answers.Clear();
        await RunAsync(Webhook(), async () => await _receiver.TakenAsync(1));
        Assert.Equal("VA-1-raised", Assert.Single(_receiver.Posts, p => p.Answered == 200).Delivery);
    }

    [Fact]
    public async Task Alertmanager_is_told_again_of_what_is_raised_and_of_its_end_by_the_same_labels()
    {
        Publish(Alert("VA-1", AlertState.Raised), Alert("VA-2", AlertState.Raised), Alert("VA-2", AlertState.Cleared));
        await RunAsync(Alertmanager(TimeSpan.FromHours(1)), async () => await _receiver.TakenAsync(3));
        var first = _receiver.Posts.Select(Read).ToList();
        Assert.All(_receiver.Posts, p => Assert.Equal("/api/v2/alerts", p.Path));
        Assert.Equal(["VA-1", "VA-2", "VA-2"], first.Select(a => a.GetProperty("labels").GetProperty("alert_id").GetString()));
        Assert.Equal(first[1].GetProperty("labels").ToString(), first[2].GetProperty("labels").ToString());
        Assert.True(first[0].GetProperty("endsAt").GetDateTimeOffset() > DateTimeOffset.UtcNow);
        Assert.True(first[2].GetProperty("endsAt").GetDateTimeOffset() <= DateTimeOffset.UtcNow);
        Assert.Equal("V-1: 25.0 % of units defective, 10.0 % allowed", first[0].GetProperty("annotations").GetProperty("summary").GetString());

        // Another process finds what is raised in the topic, and goes on telling.
        await RunAsync(Alertmanager(TimeSpan.FromMilliseconds(100)), async () => await _receiver.TakenAsync(6));
        Assert.All(_receiver.Posts.Skip(3), p => Assert.Equal("VA-1", Read(p).GetProperty("labels").GetProperty("alert_id").GetString()));
    }

    private (Message<byte[], byte[]> Letter, Dictionary<string, string> Headers) DeadLetter()
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = _broker.BootstrapServers, GroupId = "letters", EnableAutoCommit = false }).Build();
        consumer.Assign([new TopicPartitionOffset(Topics.DeadLetters, 0, Offset.Beginning), new TopicPartitionOffset(Topics.DeadLetters, 1, Offset.Beginning)]);
        var record = consumer.Consume(TimeSpan.FromSeconds(60));
        Assert.NotNull(record);
        Assert.Null(consumer.Consume(TimeSpan.FromMilliseconds(200)));
        consumer.Close();
        return (record.Message, record.Message.Headers.ToDictionary(h => h.Key, h => Encoding.UTF8.GetString(h.GetValueBytes())));
    }

    private static JsonElement Read(FakeReceiver.Post post) => JsonDocument.Parse(post.Body).RootElement[0];

    private WebhookReceiver Webhook() => new(_receiver.Url, Secret, TimeProvider.System);

    private AlertmanagerReceiver Alertmanager(TimeSpan refreshEvery) => new(_receiver.Url, TimeProvider.System, refreshEvery);

    private async Task RunAsync(IAlertReceiver receiver, Func<Task> meanwhile)
    {
        using var stop = new CancellationTokenSource();
        var courier = new AlertCourier(new ClientConfig { BootstrapServers = _broker.BootstrapServers }, LocalSchemaIds.BuiltIn, receiver,
            new NotifierMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())), NullLogger.Instance, _ => { });
        var running = Task.Run(() => courier.RunAsync(stop.Token));
        try
        {
            await Task.WhenAny(meanwhile(), running).Unwrap();
        }
        finally
        {
            await stop.CancelAsync();
            await running.WaitAsync(TimeSpan.FromSeconds(60)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            (receiver as IDisposable)?.Dispose();
        }
    }

    private void Publish(params VendorAlert[] alerts)
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = _broker.BootstrapServers, EnableIdempotence = true }).Build();
        foreach (var alert in alerts)
        {
            var value = new ArrayBufferWriter<byte>();
            ConfluentWire.Write(value, alert, VendorAlert.SchemaId);
            producer.Produce(Topics.VendorAlerts, new Message<string, byte[]> { Key = "north|V-1", Value = value.WrittenSpan.ToArray() });
        }
        producer.Flush(TimeSpan.FromSeconds(30));
    }

    private static VendorAlert Alert(string id, AlertState state) => new()
    {
        AlertId = id,
        Program = "north",
        Vendor = "V-1",
        AgreementId = "a",
        Agreement = "2026",
        Measure = RateMeasure.Units,
        State = state,
        Allowed = 0.1,
        Rate = 0.25,
        LowerBound = 0.12,
        Currency = Currency.Parse("GBP"),
    };
}
