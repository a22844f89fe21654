using System.Net;

namespace Returns.LocalKafka.Tests;

/// <summary>Where clients are told to connect to.</summary>
public sealed class Advertising
{
    [Fact]
    public async Task Clients_are_led_to_the_advertised_address_whichever_they_came_by()
    {
        using var folder = new TemporaryFolder();
        await using var server = await LocalKafkaServer.StartAsync(new LocalKafkaOptions { DataFolder = folder.Path, Advertised = new DnsEndPoint("kafka.example", 19092) });
        using var admin = ConfluentClients.Admin(server.BootstrapServers);

        var broker = Assert.Single(admin.GetMetadata(ConfluentClients.Patience).Brokers);

        Assert.Equal(("kafka.example", 19092), (broker.Host, broker.Port));
        Assert.StartsWith("127.0.0.1:", server.BootstrapServers, StringComparison.Ordinal);
    }
}
