using System.Globalization;
using System.Text.Json;
using Returns.Contracts;

namespace Returns.Worker.Notifier;

/// <summary>
/// Alertmanager's API v2. An alert is one by its labels, and holds until its endsAt: one that is raised is sent again and again
/// with an end five times as far ahead, which also tells an Alertmanager that was started anew; one that is cleared ends then.
/// </summary>
internal sealed class AlertmanagerReceiver(Uri url, TimeProvider time, TimeSpan refreshEvery) : IAlertReceiver, IDisposable
{
    private readonly AlertHttp _http = new(new Uri(url.AbsoluteUri.TrimEnd('/') + "/api/v2/alerts"));

    public string Name => "alertmanager";

    public TimeSpan? RefreshEvery => refreshEvery;

    public Task DeliverAsync(VendorAlert alert, DateTimeOffset at, CancellationToken cancel) =>
        _http.PostAsync(Write(alert, at), _ => { }, cancel);

    public void Dispose() => _http.Dispose();

    private byte[] Write(VendorAlert alert, DateTimeOffset at)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            var now = time.GetUtcNow();
            json.WriteStartArray();
            json.WriteStartObject();
            json.WriteStartObject("labels");
            json.WriteString("alertname", "VendorDefectRate");
            json.WriteString("program", alert.Program.Span);
            json.WriteString("vendor", alert.Vendor.Span);
            json.WriteString("agreement", alert.Agreement.Span);
            json.WriteString("measure", alert.Measure.ToSymbol());
            json.WriteString("alert_id", alert.AlertId.Span);
            json.WriteEndObject();
            json.WriteStartObject("annotations");
            json.WriteString("summary", string.Create(CultureInfo.InvariantCulture,
                $"{alert.Vendor}: {alert.Rate:P1} of {(alert.Measure == RateMeasure.Units ? "units" : "value")} defective, {alert.Allowed:P1} allowed"));
            json.WriteString("description", string.Create(CultureInfo.InvariantCulture,
                $"{alert.Figures.Defects} of {alert.Figures.Units} units, {alert.Figures.DefectValue:0.00##} of {alert.Figures.Value:0.00##} {alert.Currency}; the rate is at least {alert.LowerBound:P1} with 95 % confidence"));
            json.WriteEndObject();
            if (alert.State == AlertState.Raised)
            {
                json.WriteString("startsAt", Iso(at < now ? at : now));
                json.WriteString("endsAt", Iso(now + 5 * refreshEvery));
            }
            else
            {
                json.WriteString("endsAt", Iso(at < now ? at : now));
            }
            json.WriteEndObject();
            json.WriteEndArray();
        }
        return buffer.ToArray();
    }

    private static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
