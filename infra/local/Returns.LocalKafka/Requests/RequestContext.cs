using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Storage;

namespace Returns.LocalKafka.Requests;

/// <summary>One request of one connection, and what its answer is written with. One per connection, reused.</summary>
internal sealed class RequestContext : IDisposable
{
    public WireReader Reader { get; } = new();

    public WireWriter Writer { get; } = new();

    /// <summary>What a long poll of this connection waits on, and what it fetches.</summary>
    public FetchWaiter Waiter { get; } = new();

    public FetchPlan Fetch { get; } = new();

    public ApiKey Key { get; set; }

    public short Version { get; set; }

    public int CorrelationId { get; set; }

    public string ClientId { get; set; } = "";

    public string ClientHost { get; init; } = "";

    /// <summary>Whether the client has chosen a SASL mechanism, and so may authenticate.</summary>
    public bool HasMechanism { get; set; }

    /// <summary>The user that the client is; null before it has shown that.</summary>
    public string? User { get; set; }

    public void Dispose()
    {
        Writer.Dispose();
        Waiter.Dispose();
    }
}

/// <summary>What is to be done on the connection after a request.</summary>
internal enum Outcome
{
    /// <summary>Send what was written.</summary>
    Respond,

    /// <summary>Send nothing: the producer asked for no acknowledgement.</summary>
    Silent,

    /// <summary>Close the connection: the only way to tell a producer without acknowledgements of a failure.</summary>
    Close,
}
