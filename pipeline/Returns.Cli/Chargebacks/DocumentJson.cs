using System.Text.Json;
using Returns.Contracts;

namespace Returns.Cli.Chargebacks;

/// <summary>A document with its units as JSON: the schema's field names, times in ISO 8601 UTC, amounts as numbers.</summary>
internal static class DocumentJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes it.</summary>
    public static byte[] Write(Chargeback document, IReadOnlyList<ChargedUnit> units)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            Text("documentId", document.DocumentId);
            json.WriteString("kind", document.Kind.ToSymbol());
            Text("program", document.Program);
            Text("vendor", document.Vendor);
            json.WriteNumber("sequence", document.Sequence);
            Text("corrects", document.Corrects);
            json.WriteNumber("revision", document.Revision);
            Terms(document.Terms);
            Time("windowStart", document.WindowStart);
            Time("windowEnd", document.WindowEnd);
            json.WriteStartObject("figures");
            json.WriteNumber("units", document.Figures.Units);
            json.WriteNumber("defects", document.Figures.Defects);
            json.WriteNumber("valuedUnits", document.Figures.ValuedUnits);
            json.WriteNumber("value", document.Figures.Value);
            json.WriteNumber("defectValue", document.Figures.DefectValue);
            json.WriteEndObject();
            json.WriteBoolean("defectsCharged", document.DefectsCharged);
            json.WriteStartArray("lines");
            foreach (var line in document.Lines)
            {
                json.WriteStartObject();
                json.WriteString("kind", line.Kind.ToSymbol());
                json.WriteNumber("units", line.Units);
                json.WriteNumber("amount", line.Amount);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNumber("total", document.Total);
            Time("issuedAt", document.IssuedAt);
            Time("disputeUntil", document.DisputeUntil);
            Time("respondBy", document.RespondBy);
            json.WriteStartObject("journal");
            json.WriteString("topic", Topics.VendorUnits);
            json.WriteNumber("partition", document.Journal.Partition);
            json.WriteNumber("firstOffset", document.Journal.FirstOffset);
            json.WriteNumber("lastOffset", document.Journal.LastOffset);
            json.WriteNumber("records", document.Journal.Records);
            Text("hash", document.Journal.Hash);
            json.WriteEndObject();
            Text("previousHash", document.PreviousHash);
            Text("contentHash", document.ContentHash);
            json.WriteStartArray("units");
            foreach (var unit in units)
            {
                Unit(unit);
            }
            json.WriteEndArray();
            json.WriteEndObject();

            void Text(string name, Utf8? value)
            {
                if (value is { } text)
                {
                    json.WriteString(name, text.Span);
                }
                else
                {
                    json.WriteNull(name);
                }
            }

            void Time(string name, long millis) => json.WriteString(name, Times.Iso(millis));

            void Terms(AgreementTerms terms)
            {
                json.WriteStartObject("terms");
                Text("id", terms.Id);
                Text("name", terms.Name);
                Text("version", terms.Version);
                Optional("validFrom", terms.ValidFrom);
                Optional("validTo", terms.ValidTo);
                json.WriteString("currency", terms.Currency.ToString());
                Percent("allowedUnitsPercent", terms.AllowedUnits);
                Percent("allowedValuePercent", terms.AllowedValue);
                json.WriteNumber("minimumUnits", terms.MinimumUnits);
                Percent("creditPercent", terms.CreditPercent);
                Percent("handlingPercent", terms.HandlingPercent);
                json.WriteNumber("freight", terms.Freight);
                json.WriteNumber("feeNoAuthorization", terms.FeeNoAuthorization);
                json.WriteNumber("feePackaging", terms.FeePackaging);
                json.WriteNumber("feeMisShipped", terms.FeeMisShipped);
                json.WriteNumber("disputeDays", terms.DisputeDays);
                json.WriteNumber("responseDays", terms.ResponseDays);
                json.WriteEndObject();

                void Optional(string name, long? millis)
                {
                    if (millis is { } time)
                    {
                        Time(name, time);
                    }
                    else
                    {
                        json.WriteNull(name);
                    }
                }

                void Percent(string name, int? hundredths)
                {
                    if (hundredths is { } number)
                    {
                        json.WriteNumber(name, number / 100m);
                    }
                    else
                    {
                        json.WriteNull(name);
                    }
                }
            }

            void Unit(ChargedUnit charged)
            {
                var unit = charged.Unit;
                json.WriteStartObject();
                Text("lpn", unit.Lpn);
                Text("sku", unit.Sku);
                Text("serialNumber", unit.SerialNumber);
                Text("facility", unit.Facility);
                Time("receivedAt", unit.ReceivedAt);
                Text("grade", unit.Grade);
                json.WriteString("returnReason", unit.ReturnReason?.ToSymbol());
                Text("raNumber", unit.RaNumber);
                Text("ruleVersion", unit.RuleVersion);
                json.WriteStartArray("violations");
                foreach (var violation in unit.Standing!.Violations)
                {
                    json.WriteStringValue(violation.ToSymbol());
                }
                json.WriteEndArray();
                json.WriteStartArray("charges");
                foreach (var charge in unit.Standing.Charges.Where(c => document.DefectsCharged || !Domain.Compliance.Charges.ForDefects(c.Kind)))
                {
                    json.WriteStartObject();
                    json.WriteString("kind", charge.Kind.ToSymbol());
                    json.WriteNumber("amount", charge.Amount);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteStartArray("findings");
                foreach (var finding in unit.Findings)
                {
                    json.WriteStartObject();
                    Text("criterion", finding.Criterion);
                    json.WriteNumber("value", finding.Value);
                    Text("evidence", finding.Evidence);
                    Text("grader", unit.Scans[finding.Scan].Grader);
                    json.WriteNumber("scan", finding.Scan);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteStartArray("scans");
                foreach (var scan in unit.Scans)
                {
                    json.WriteStartObject();
                    json.WriteString("kind", scan.Kind.ToSymbol());
                    Time("scannedAt", scan.ScannedAt);
                    Text("station", scan.Station);
                    Text("grader", scan.Grader);
                    json.WriteString("topic", Topics.Scans);
                    json.WriteNumber("partition", scan.Partition);
                    json.WriteNumber("offset", scan.Offset);
                    Text("contentHash", scan.ContentHash);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteStartObject("journal");
                json.WriteNumber("partition", charged.Partition);
                json.WriteNumber("offset", charged.Offset);
                json.WriteEndObject();
                json.WriteEndObject();
            }
        }
        return buffer.ToArray();
    }
}
