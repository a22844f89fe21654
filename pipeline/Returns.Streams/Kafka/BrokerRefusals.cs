using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Returns.Streams.Kafka;

/// <summary>
/// What brokers refuse clients for: a wrong password, a certificate that does not fit, a right that is missing. To a client these are
/// connections that fail, which it tries again for ever; to whoever runs it they are settings to be changed, and are said at once.
/// Safe across threads: clients tell of errors on threads of their own.
/// </summary>
/// <param name="who">Whose clients they are, for the log.</param>
/// <param name="log">Told once, when a refusal begins.</param>
public sealed class BrokerRefusals(string who, ILogger log)
{
    /// <summary>A client tries again after ten seconds at most: a refusal that was not heard again for longer is over.</summary>
    private const int OverAfterMs = 30_000;
    private readonly Lock _lock = new();
    private string? _reason;
    private long _at;

    /// <summary>What is refused now, in the client's words, and the way out; null where nothing is.</summary>
    public string? Current
    {
        get
        {
            lock (_lock)
            {
                return _reason is not null && Environment.TickCount64 - _at < OverAfterMs ? _reason : null;
            }
        }
    }

    /// <summary>Takes an error of a client; one that is no refusal is passed over.</summary>
    public void Hear(Error error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (WayOut(error.Code) is not { } wayOut)
        {
            return;
        }
        var begins = Current is null;
        lock (_lock)
        {
            (_reason, _at) = ($"{error.Reason}: {wayOut}", Environment.TickCount64);
        }
        if (begins)
        {
            log.LogWarning("{Who}: Kafka refuses: {Reason}: {WayOut}", who, error.Reason, wayOut);
        }
    }

    private static string? WayOut(ErrorCode code) => code switch
    {
        ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed or ErrorCode.UnsupportedSaslMechanism or ErrorCode.IllegalSaslState =>
            "check security.protocol, sasl.mechanism, sasl.username and sasl.password",
        ErrorCode.Local_Ssl => "check security.protocol and the ssl properties, and that the certificate is for this host",
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.TransactionalIdAuthorizationFailed =>
            "give the user this right",
        _ => null,
    };
}
