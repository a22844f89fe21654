using System.Text;
using Returns.Contracts;
using static Returns.Topologies.Tests.Triage.TriageHarness;

namespace Returns.Topologies.Tests.Triage;

/// <summary>What cannot be processed goes to the dead letters with its bytes and the reason, and nothing else happens.</summary>
public sealed class RejectionTests
{
    private static readonly string Long = new('x', 200);

    public static TheoryData<string, string, Action<ItemScan>> BadScans => new()
    {
        { "EmptyField", "program is empty", s => s.Program = default },
        { "EmptyField", "facility is empty", s => s.Facility = default },
        { "EmptyField", "station is empty", s => s.Station = default },
        { "BadName", "'a|b'", s => s.Program = "a|b" },
        { "TooLong", "station has 200 bytes", s => s.Station = Long },
        { "TooLong", "sku has 200 bytes", s => s.Sku = Utf8.From(Long) },
        { "TooLong", "raNumber has 200 bytes", s => s.RaNumber = Utf8.From(Long) },
        { "TooLong", "65 findings", s => Findings(s, 65, 1) },
        { "ValueOutOfRange", "NaN", s => Findings(s, 1, double.NaN) },
        { "ValueOutOfRange", "finite", s => Findings(s, 1, double.NegativeInfinity) },
        { "ValueOutOfRange", "-1", s => s.PricePaid = new Money(-1m, Currency.Parse("GBP")) },
        { "TimeOutOfRange", "946684799999", s => s.ScannedAt = 946_684_799_999 },
        { "TimeOutOfRange", "7258118400000", s => s.ScannedAt = 7_258_118_400_000 },
        { "TimeOutOfRange", "-1", s => s.ScannedAt = -1 },
        { "KeyMismatch", "the key is 'L1' and the LPN 'L2'", s => s.Lpn = "L2" },
    };

    [Theory]
    [MemberData(nameof(BadScans), DisableDiscoveryEnumeration = true)]
    public void A_scan_no_decision_may_rest_on(string errorClass, string message, Action<ItemScan> spoil)
    {
        var scan = Intake("L1", 1, Start);
        spoil(scan);
        AssertRejected(Topics.Scans, "L1", Encoded(scan), errorClass, message);
    }

    public static TheoryData<string, string, Action<OperatorOverride>> BadOverrides => new()
    {
        { "EmptyField", "reason is empty", o => o.Reason = " \t" },
        { "EmptyField", "operator is empty", o => o.Operator = default },
        { "EmptyField", "overrideId is empty", o => o.OverrideId = default },
        { "TooLong", "reason has 2000 bytes", o => o.Reason = new string('y', 2000) },
        { "BadName", "grade 'very good'", o => o.Grade = Utf8.From("very good") },
        { "KeyMismatch", "'L2'", o => o.Lpn = "L2" },
        { "TimeOutOfRange", "5", o => o.DecidedAt = 5 },
    };

    [Theory]
    [MemberData(nameof(BadOverrides), DisableDiscoveryEnumeration = true)]
    public void An_override_nobody_may_follow(string errorClass, string message, Action<OperatorOverride> spoil)
    {
        var decision = Override("L1", "o1", Disposition.Donate, Start);
        spoil(decision);
        AssertRejected(Topics.Overrides, "L1", Encoded(decision), errorClass, message);
    }

    [Fact]
    public void A_scan_without_a_key() => AssertRejected(Topics.Scans, null, Encoded(Intake("L1", 1, Start)), "KeyMismatch", "the key is none");

    [Fact]
    public void A_tombstone() => AssertRejected(Topics.Scans, "L1", null, "Tombstone", "'L1'");

    [Fact]
    public void Bytes_that_are_no_event() => AssertRejected(Topics.Scans, "L1", "{\"lpn\":\"L1\"}"u8.ToArray(), "NotWireFormat", "byte 0");

    [Fact]
    public void An_event_that_breaks_off() => AssertRejected(Topics.Scans, "L1", Encoded(Intake("L1", 1, Start))[..^3], "Truncated", "body");

    [Fact]
    public void A_schema_nobody_knows() => AssertRejected(Topics.Scans, "L1", Encoded(Intake("L1", 1, Start), 424242), "UnknownSchema", "424242");

    [Fact]
    public void A_heartbeat_out_of_time_does_not_move_event_time()
    {
        var triage = new TriageHarness();
        triage.Pipe(Intake("L1", 1, Start));
        triage.Heartbeat(long.MaxValue);
        triage.Commit();
        Assert.Equal("TimeOutOfRange", Assert.Single(triage.DeadLetters).Rejection!.Value.ErrorClass);
        Assert.Empty(triage.Exceptions);
    }

    private static void AssertRejected(string topic, string? key, byte[]? value, string errorClass, string message)
    {
        var triage = new TriageHarness();
        triage.Driver.Pipe(topic, key is null ? null : Encoding.UTF8.GetBytes(key), value, partition: 0);
        triage.Commit();
        var dead = Assert.Single(triage.DeadLetters);
        Assert.Equal(errorClass, dead.Rejection!.Value.ErrorClass);
        Assert.Contains(message, dead.Rejection.Value.Message, StringComparison.Ordinal);
        Assert.Equal(value, dead.Value);
        Assert.Equal(0, triage.Driver.Store(triage.Items).Count);
    }

    private static void Findings(ItemScan scan, int count, double value)
    {
        for (var i = 0; i < count; i++)
        {
            var finding = scan.Findings.Add();
            finding.Criterion = $"c{i}";
            finding.Value = value;
        }
    }
}
