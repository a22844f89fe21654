using Confluent.Kafka;
using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Tests;

/// <summary>A broker that has users, and clients that are one of them, or not.</summary>
public sealed class Users
{
    private static readonly Dictionary<string, string> Known = new() { ["triage"] = "sesame" };

    [Fact]
    public async Task Who_is_a_user_is_let_in()
    {
        await using var broker = await LocalBroker.StartAsync(users: Known);
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig(Config(broker.BootstrapServers, "triage", "sesame"))).Build();

        var sent = await producer.ProduceAsync("in", new Message<Null, string> { Value = "x" }, TestContext.Current.CancellationToken);

        Assert.Equal(PersistenceStatus.Persisted, sent.Status);
    }

    [Theory]
    [InlineData("triage", "sesam", "PLAIN", "Invalid username or password")]
    [InlineData("nobody", "sesame", "PLAIN", "Invalid username or password")]
    [InlineData("triage", "sesame", "SCRAM-SHA-256", "mechanism")]
    public async Task Who_is_not_is_refused_with_the_reason(string user, string password, string mechanism, string said)
    {
        await using var broker = await LocalBroker.StartAsync(users: Known);
        var refused = new TaskCompletionSource<Error>(TaskCreationOptions.RunContinuationsAsynchronously);
        var config = Config(broker.BootstrapServers, user, password);
        config["sasl.mechanism"] = mechanism;
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig(config)).SetLogHandler((_, _) => { }).SetErrorHandler((_, error) =>
        {
            if (error.Code is not Confluent.Kafka.ErrorCode.Local_AllBrokersDown)
            {
                refused.TrySetResult(error);
            }
        }).Build();

        var error = await refused.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(Confluent.Kafka.ErrorCode.Local_Authentication, error.Code);
        Assert.Contains(said, error.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(password, error.Reason.Replace("SASL", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_showing_who_it_is_a_client_is_answered_nothing_else()
    {
        await using var broker = await LocalBroker.StartAsync(users: Known);
        using var wire = new WireClient(broker.BootstrapServers);
        Assert.Equal(Protocol.ErrorCode.None, (Protocol.ErrorCode)wire.Ask(ApiKey.ApiVersions, 0, _ => { }).Int16());
        Assert.Equal(Protocol.ErrorCode.IllegalSaslState, (Protocol.ErrorCode)wire.Ask(ApiKey.SaslAuthenticate, 1, w => w.Bytes("\0triage\0sesame"u8)).Int16());

        wire.Send(ApiKey.Metadata, 1, w => w.ArrayLength(-1));

        Assert.True(wire.IsClosed());
    }

    private static Dictionary<string, string> Config(string servers, string user, string password) => new()
    {
        ["bootstrap.servers"] = servers,
        ["security.protocol"] = "sasl_plaintext",
        ["sasl.mechanism"] = "PLAIN",
        ["sasl.username"] = user,
        ["sasl.password"] = password,
    };
}
