using System.Text;
using Returns.Contracts.Avro;
using Returns.Contracts.Wire;
using Xunit;

namespace Returns.Contracts.Tests;

public sealed class RegistryIds : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);
    private readonly LoopbackRegistry _registry = new();
    private readonly ImmediateTime _time = new();

    public void Dispose() => _registry.Dispose();

    [Fact]
    public void An_event_is_written_under_the_registrys_id_and_read_back()
    {
        using var ids = new RegistrySchemaIds(_registry.Url);
        var id = ids.Register<ItemScan>(Topics.Scans);

        Assert.Equal(ids.IdOf<ItemScan>(Topics.Scans), id);
        Assert.Equal(ItemScan.SchemaJson, _registry.Schemas[id]);
        var value = new WireEncoder<ItemScan>(ids, Topics.Scans).Encode(new ItemScan { Lpn = "LPN-1" });
        var into = new ItemScan();
        Assert.True(new WireDecoder<ItemScan>(ids, Topics.Scans).TryDecode(value, into, out _));
        Assert.Equal("LPN-1", into.Lpn.ToString());
        Assert.Equal(["POST /subjects/returns.scans-value/versions"], _registry.Requests);
        Assert.Equal("application/vnd.schemaregistry.v1+json", _registry.Headers["Content-Type"]);
    }

    [Fact]
    public void Registering_again_gives_the_same_id()
    {
        using var ids = new RegistrySchemaIds(_registry.Url + "/");
        Assert.Equal(ids.Register<RuleSet>(Topics.Rules), ids.Register<RuleSet>(Topics.Rules));
    }

    [Fact]
    public void A_foreign_writers_schema_is_asked_for_once()
    {
        using var ids = new RegistrySchemaIds(_registry.Url);
        var own = ids.Register<StationHeartbeat>(Topics.Heartbeats);
        _registry.Schemas[7] = StationHeartbeat.SchemaJson;
        var value = new WireEncoder<StationHeartbeat>(ids, Topics.Heartbeats).Encode(new StationHeartbeat { Facility = "DC-2" }).ToArray();
        Assert.NotEqual(7, own);
        (value[1], value[2], value[3], value[4]) = (0, 0, 0, 7);

        for (var task = 0; task < 3; task++)
        {
            var decoder = new WireDecoder<StationHeartbeat>(ids, Topics.Heartbeats);
            var into = new StationHeartbeat();
            Assert.True(decoder.TryDecode(value, into, out var error), error.ToString());
            Assert.Equal("DC-2", into.Facility.ToString());
        }
        Assert.Equal(1, _registry.Requests.Count(r => r == "GET /schemas/ids/7"));
    }

    [Fact]
    public void An_id_that_the_registry_does_not_know_is_the_values_fault_and_is_asked_for_again_only_later()
    {
        using var ids = new RegistrySchemaIds(_registry.Url, time: _time);
        ids.Register<StationHeartbeat>(Topics.Heartbeats);
        var decoder = new WireDecoder<StationHeartbeat>(ids, Topics.Heartbeats);
        byte[] value = [0, 0, 0, 0, 9, 0, 0, 0];

        for (var i = 0; i < 3; i++)
        {
            Assert.False(decoder.TryDecode(value, new StationHeartbeat(), out var error));
            Assert.Equal(DecodeErrorClass.UnknownSchema, error.Class);
        }
        Assert.Equal(1, _registry.Requests.Count(r => r == "GET /schemas/ids/9"));

        _registry.Schemas[9] = StationHeartbeat.SchemaJson;
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.True(decoder.TryDecode(value, new StationHeartbeat(), out _));
    }

    [Fact]
    public void An_id_that_no_registry_gives_costs_no_request()
    {
        using var ids = new RegistrySchemaIds(_registry.Url);
        Assert.Null(ids.Find(0));
        Assert.Null(ids.Find(-5));
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public void User_and_password_of_the_url_are_sent_and_never_told()
    {
        var url = $"http://ann%40dc:p%3As%2Fs@127.0.0.1:{_registry.Port}";
        using var ids = new RegistrySchemaIds(url);
        ids.Register<RuleSet>(Topics.Rules);
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ann@dc:p:s/s")), _registry.Headers["Authorization"]);

        _registry.Misbehave.Enqueue(LoopbackRegistry.Json(401, """{"error_code":401,"message":"Unauthorized"}"""));
        var error = Assert.Throws<SchemaRegistryException>(() => ids.Register<RuleSet>(Topics.Rules));
        Assert.Contains("check user and password", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("p%3As", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("p:s", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("registry:8081")]
    [InlineData("ftp://registry")]
    [InlineData("http://ann:secret@")]
    [InlineData("")]
    public void A_url_that_is_none_is_refused_without_its_password(string url)
    {
        var error = Assert.Throws<FormatException>(() => new RegistrySchemaIds(url));
        Assert.Contains("expected http://HOST:PORT", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_in_the_url_stands_before_the_calls()
    {
        _registry.Misbehave.Enqueue(LoopbackRegistry.Json(200, """{"id":5}"""));
        using var ids = new RegistrySchemaIds(_registry.Url + "/apis/ccompat/v7/");
        Assert.Equal(5, ids.Register<RuleSet>(Topics.Rules));
        Assert.Equal(["POST /apis/ccompat/v7/subjects/returns.rules-value/versions"], _registry.Requests);
    }

    [Theory]
    [InlineData(409, """{"error_code":409,"message":"incompatible with an earlier schema"}""", "incompatible with an earlier schema", "schemas/README.md")]
    [InlineData(422, """{"error_code":42201,"message":"Invalid schema"}""", "Invalid schema", "does not take the schema")]
    [InlineData(404, "<html>nothing here</html>", "404", "check that the URL is a Schema Registry's")]
    [InlineData(200, "<html>hello</html>", "POST /subjects/", "check that the URL is a Schema Registry's")]
    [InlineData(200, """{"id":"seven"}""", "without an id", "check that the URL is a Schema Registry's")]
    [InlineData(200, """{"id":-1}""", "without an id", "check that the URL is a Schema Registry's")]
    [InlineData(302, "", "302", "check that the URL is a Schema Registry's")]
    public void A_refusal_names_registry_request_and_way_out(int status, string body, string what, string wayOut)
    {
        _registry.Misbehave.Enqueue(LoopbackRegistry.Json(status, body));
        using var ids = new RegistrySchemaIds(_registry.Url, Long, _time);
        var error = Assert.Throws<SchemaRegistryException>(() => ids.Register<CatalogItem>(Topics.Catalog));
        Assert.Contains(_registry.Url, error.Message, StringComparison.Ordinal);
        Assert.Contains("POST /subjects/returns.catalog-value/versions", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains(wayOut, error.Message, StringComparison.Ordinal);
        Assert.Single(_registry.Requests);
    }

    [Fact]
    public void A_registry_that_restarts_is_tried_again()
    {
        _registry.Misbehave.Enqueue(LoopbackRegistry.Json(503, ""));
        _registry.Misbehave.Enqueue("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"id\":");
        using var ids = new RegistrySchemaIds(_registry.Url, Long, _time);
        Assert.True(ids.Register<CatalogItem>(Topics.Catalog) > 0);
        Assert.Equal([TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(1200)], _time.Waits);
    }

    [Fact]
    public void A_registry_that_goes_on_failing_is_given_up()
    {
        for (var i = 0; i < 3; i++)
        {
            _registry.Misbehave.Enqueue(LoopbackRegistry.Json(500, """{"error_code":50001,"message":"store is gone"}"""));
        }
        using var ids = new RegistrySchemaIds(_registry.Url, Long, _time);
        var error = Assert.Throws<SchemaRegistryException>(() => ids.Find(12));
        Assert.Contains("GET /schemas/ids/12 answered 500 (store is gone)", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, _registry.Requests.Count);
    }

    [Fact]
    public void A_registry_that_never_answers_is_given_up_after_the_timeout()
    {
        for (var i = 0; i < 3; i++)
        {
            _registry.Misbehave.Enqueue(null);
        }
        using var ids = new RegistrySchemaIds(_registry.Url, TimeSpan.FromMilliseconds(150), _time);
        var error = Assert.Throws<SchemaRegistryException>(() => ids.Find(12));
        Assert.Contains("no answer within 0.15 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_without_end_is_not_read_into_memory()
    {
        for (var i = 0; i < 3; i++)
        {
            _registry.Misbehave.Enqueue("HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n{");
        }
        using var ids = new RegistrySchemaIds(_registry.Url, Long, _time);
        Assert.Throws<SchemaRegistryException>(() => ids.Find(12));
    }

    [Fact]
    public void A_registry_that_is_not_there_is_named()
    {
        var url = _registry.Url;
        _registry.Dispose();
        using var ids = new RegistrySchemaIds(url, Long, _time);
        var error = Assert.Throws<SchemaRegistryException>(() => ids.Register<ItemScan>(Topics.Scans));
        Assert.Contains(url, error.Message, StringComparison.Ordinal);
        Assert.Contains("check the address, and that the registry is up", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_topic_that_was_not_registered_at_start_is_named()
    {
        using var ids = new RegistrySchemaIds(_registry.Url);
        var error = Assert.Throws<InvalidOperationException>(() => new WireEncoder<ItemScan>(ids, "returns.other"));
        Assert.Contains("'returns.other'", error.Message, StringComparison.Ordinal);
    }
}
