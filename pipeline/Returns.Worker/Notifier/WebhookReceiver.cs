using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Returns.Contracts;

namespace Returns.Worker.Notifier;

/// <summary>
/// A webhook. Each post has the header Returns-Delivery, the same for the same news, by which a receiver tells one that comes
/// again after a crash; and, where there is a secret, Returns-Signature: <c>t=SECONDS,v1=HEX</c>, the HMAC-SHA256 of the
/// seconds, a dot and the body.
/// </summary>
internal sealed class WebhookReceiver(Uri url, byte[]? secret, TimeProvider time) : IAlertReceiver, IDisposable
{
    private readonly AlertHttp _http = new(url);

    /// <summary>Of the address, so that another one begins anew, and the order of the options does not matter.</summary>
    public string Name { get; } = "webhook-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url.AbsoluteUri)))[..12];

    public TimeSpan? RefreshEvery => null;

    public Task DeliverAsync(VendorAlert alert, DateTimeOffset at, CancellationToken cancel)
    {
        var body = Write(alert, at);
        return _http.PostAsync(body, request =>
        {
            request.Headers.Add("Returns-Delivery", $"{alert.AlertId}-{alert.State.ToSymbol()}");
            if (secret is not null)
            {
                request.Headers.Add("Returns-Signature", Sign(secret, time.GetUtcNow().ToUnixTimeSeconds(), body));
            }
        }, cancel);
    }

    public void Dispose() => _http.Dispose();

    private static string Sign(byte[] secret, long seconds, byte[] body)
    {
        var moment = seconds.ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes(moment), (byte)'.', .. body];
        return $"t={moment},v1={Convert.ToHexStringLower(HMACSHA256.HashData(secret, signed))}";
    }

    private static byte[] Write(VendorAlert alert, DateTimeOffset at)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("alertId", alert.AlertId.Span);
            json.WriteString("state", alert.State.ToSymbol());
            json.WriteString("program", alert.Program.Span);
            json.WriteString("vendor", alert.Vendor.Span);
            json.WriteString("agreement", alert.Agreement.Span);
            json.WriteString("agreementId", alert.AgreementId.Span);
            json.WriteString("measure", alert.Measure.ToSymbol());
            json.WriteNumber("rate", alert.Rate);
            json.WriteNumber("lowerBound", alert.LowerBound);
            json.WriteNumber("allowed", alert.Allowed);
            json.WriteNumber("units", alert.Figures.Units);
            json.WriteNumber("defects", alert.Figures.Defects);
            json.WriteNumber("value", alert.Figures.Value);
            json.WriteNumber("defectValue", alert.Figures.DefectValue);
            json.WriteString("currency", alert.Currency.ToString());
            json.WriteString("windowStart", DateTimeOffset.FromUnixTimeMilliseconds(alert.WindowStart));
            json.WriteString("windowEnd", DateTimeOffset.FromUnixTimeMilliseconds(alert.WindowEnd));
            json.WriteString("eventTime", DateTimeOffset.FromUnixTimeMilliseconds(alert.At));
            json.WriteString("raisedAt", DateTimeOffset.FromUnixTimeMilliseconds(alert.RaisedAt));
            json.WriteString("recordedAt", at);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
