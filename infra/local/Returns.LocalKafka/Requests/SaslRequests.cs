using System.Security.Cryptography;
using System.Text;
using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Requests;

/// <summary>Who a client is: SASL/PLAIN (RFC 4616), where the broker has users.</summary>
internal sealed class SaslRequests(IReadOnlyDictionary<string, string>? users)
{
    private const string Mechanism = "PLAIN";

    /// <summary>Whether a client must show who it is before it is answered this request.</summary>
    public bool Withholds(RequestContext request) =>
        users is not null && request.User is null && request.Key is not (ApiKey.ApiVersions or ApiKey.SaslHandshake or ApiKey.SaslAuthenticate);

    /// <summary>Without users there is no mechanism to choose. Version 0 announces tokens outside of the protocol's frames, which no
    /// client of this decade sends.</summary>
    public void Handshake(RequestContext request)
    {
        var asked = request.Reader.String();
        request.HasMechanism = users is not null && asked == Mechanism && request.Version > 0;
        request.Writer.Error(users is null || request.Version == 0 ? ErrorCode.IllegalSaslState : request.HasMechanism ? ErrorCode.None : ErrorCode.UnsupportedSaslMechanism);
        request.Writer.ArrayLength(users is null ? 0 : 1);
        if (users is not null)
        {
            request.Writer.String(Mechanism);
        }
    }

    public void Authenticate(RequestContext request)
    {
        var (r, w) = (request.Reader, request.Writer);
        var token = r.Bytes();
        r.Tags();
        request.User = request.HasMechanism ? UserOf(token) : null;
        var (error, message) = request.User is not null ? (ErrorCode.None, null)
            : request.HasMechanism ? (ErrorCode.SaslAuthenticationFailed, "Authentication failed: Invalid username or password")
            : (ErrorCode.IllegalSaslState, "SaslHandshake comes first");
        w.Error(error);
        w.String(message);
        w.Bytes([]);
        if (request.Version >= 1) w.Int64(0);
        w.Tags();
    }

    /// <summary>[authorization id] NUL user NUL password. The time it takes tells nothing of how much of a password is right.</summary>
    private string? UserOf(ReadOnlySpan<byte> token)
    {
        var first = token.IndexOf((byte)0);
        var second = first < 0 ? -1 : token[(first + 1)..].IndexOf((byte)0) + first + 1;
        if (second <= first) return null;
        var user = Encoding.UTF8.GetString(token[(first + 1)..second]);
        return users!.TryGetValue(user, out var password) && CryptographicOperations.FixedTimeEquals(token[(second + 1)..], Encoding.UTF8.GetBytes(password)) ? user : null;
    }
}
