using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Streams;

namespace Returns.Topologies.Compliance.Vendors;

/// <summary>Raises and clears alerts: once each, as what is raised is part of the account's state. For the task's thread.</summary>
internal sealed class AlertDesk(Output<VendorAlert> alerts, ComplianceTally tally)
{
    private readonly VendorAlert _alert = new();
    private readonly VendorKey _key = new();

    /// <summary>Sees what becomes of the account's alerts, and says so.</summary>
    /// <param name="account">The account.</param>
    /// <param name="rate">Its rate, whose alerts are changed.</param>
    /// <param name="at">Event time.</param>
    /// <param name="end">End of the window.</param>
    /// <param name="context">Says which record it is.</param>
    /// <returns>Whether anything changed.</returns>
    public bool Judge(Account account, ref RateEntry rate, long at, long end, ProcessorContext context)
    {
        var changed = false;
        for (var measure = RateMeasure.Units; measure <= RateMeasure.Value; measure++)
        {
            ref var alert = ref rate.Alerts[(int)measure];
            if (DefectRate.Of(account.Agreement, measure, rate.Totals) is not { } now || now.Alerts(alert.Raised) == alert.Raised)
            {
                continue;
            }
            changed = true;
            alert.Raised = !alert.Raised;
            if (alert.Raised)
            {
                alert.RaisedAt = at;
                alert.Id = IdOf(account, measure, rate.Totals, at, context);
            }
            Send(account, measure, now, rate.Totals, alert, at, end);
            if (!alert.Raised)
            {
                alert = default;
            }
        }
        return changed;
    }

    private void Send(Account account, RateMeasure measure, in DefectRate rate, in DefectTotals totals, in AlertEntry alert, long at, long end)
    {
        var state = alert.Raised ? AlertState.Raised : AlertState.Cleared;
        _alert.Clear();
        _alert.AlertId = $"VA-{alert.Id:x32}";
        _alert.Program = account.Program;
        _alert.Vendor = account.Vendor;
        _alert.AgreementId = account.Agreement.Id;
        _alert.Agreement = account.Agreement.Name;
        _alert.Measure = measure;
        _alert.State = state;
        _alert.At = at;
        _alert.RaisedAt = alert.RaisedAt;
        _alert.Allowed = rate.Allowed;
        _alert.Rate = rate.Rate;
        _alert.LowerBound = rate.LowerBound;
        _alert.WindowStart = end - account.Agreement.WindowMillis;
        _alert.WindowEnd = end;
        _alert.Currency = account.Agreement.Currency;
        totals.Fill(_alert.Figures);
        alerts.Send(_key.Of(account.Program, account.Vendor), _alert);
        tally.Alert(state);
    }

    private static UInt128 IdOf(Account account, RateMeasure measure, in DefectTotals totals, long at, ProcessorContext context)
    {
        var content = FormattableString.Invariant($"{account.Id:x32}|{measure.ToSymbol()}|{at}|{totals.Units}|{totals.Defects}|{context.Partition}|{context.Offset}");
        return BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
    }
}
