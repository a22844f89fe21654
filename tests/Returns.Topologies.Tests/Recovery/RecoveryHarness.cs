using System.Globalization;
using System.Text;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Recovery;
using Returns.Streams;
using Returns.Streams.Testing;
using Returns.Topologies.Recovery;
using Returns.Topologies.Tests.Triage;

namespace Returns.Topologies.Tests.Recovery;

/// <summary>Recovery under the test driver: publishes outcomes and settlements, and reads what was committed.</summary>
internal sealed class RecoveryHarness
{
    public const string Program = "north";
    public const long Minute = 60_000;
    public const long Hour = 60 * Minute;
    public const long Day = 24 * Hour;

    /// <summary>2026-01-31T12:00Z: half a day before a month ends.</summary>
    public const long Start = 1_769_860_800_000;

    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly Dictionary<string, RecoveryWindow> _latest = [];
    private readonly int _partitions;

    public RecoveryHarness(int partitions = 1)
    {
        _partitions = partitions;
        Topology = RecoveryTopology.Build(LocalSchemaIds.BuiltIn, partitions, Prometheus.Metrics.WithCustomRegistry(_registry));
        Driver = new TopologyTestDriver(Topology, partitions);
    }

    public Topology Topology { get; }

    public TopologyTestDriver Driver { get; }

    /// <summary>Every figure sent, in order.</summary>
    public List<RecoveryWindow> Windows { get; } = [];

    /// <summary>The last figures by key, as a compacted topic keeps them.</summary>
    public IReadOnlyDictionary<string, RecoveryWindow> Latest => _latest;

    public List<DriverRecord> DeadLetters { get; } = [];

    public int Changes { get; private set; }

    public static Money Pounds(decimal amount) => new(amount, Currency.Parse("GBP"));

    public static Money Dollars(decimal amount) => new(amount, Currency.Parse("USD"));

    public static ItemRouted Decision(string lpn, long receivedAt, Disposition disposition = Disposition.Resell, int revision = 1, string program = Program) => new()
    {
        Lpn = lpn,
        Program = program,
        Facility = "DC-LEEDS",
        Sku = "85123A",
        Category = "homeware",
        Vendor = "V-1",
        Grade = "B",
        Revision = revision,
        Disposition = disposition,
        Channel = disposition == Disposition.Resell ? Utf8.From("off-price") : default(Utf8?),
        ExpectedValue = Pounds(12m),
        HandlingCost = Pounds(0.5m),
        ReferencePrice = Pounds(20m),
        Cost = Pounds(9m),
        WeightGrams = 700,
        RuleVersion = "1",
        RoutedAt = receivedAt + 10 * Minute * revision,
        IntakeAt = receivedAt,
        DwellMillis = 10 * Minute * revision,
    };

    public static ItemException Review(string lpn, long receivedAt, int revision = 1, ExceptionState state = ExceptionState.Open) => new()
    {
        Lpn = lpn,
        Program = Program,
        Facility = "DC-LEEDS",
        Revision = revision,
        State = state,
        Reason = ExceptionReason.NoRoute,
        Detail = "look",
        RaisedAt = receivedAt + 10 * Minute * revision,
        IntakeAt = receivedAt,
    };

    public static Settlement Paid(string lpn, long at, Money amount, int revision = 1, string payer = "off-price")
    {
        var settlement = new Settlement { Lpn = lpn, Program = Program, Payer = Payer.Channel, PayerName = payer, Revision = revision, Amount = amount, PaidAt = at };
        settlement.SettlementId = SettlementId.Of(settlement);
        return settlement;
    }

    public void Publish(ItemRouted decision) => Driver.Pipe(Topics.Dispositions, decision.Lpn.ToString(), TriageHarness.Encoded(decision));

    public void Publish(ItemException review) => Driver.Pipe(Topics.Exceptions, review.Lpn.ToString(), TriageHarness.Encoded(review));

    public void Publish(Settlement settlement) => Driver.Pipe(Topics.Settlements, settlement.Lpn.ToString(), TriageHarness.Encoded(settlement));

    /// <summary>Lets event time be this, for every task of both parts.</summary>
    public void Advance(long to)
    {
        // A change says how far its task had come with the commit before.
        Beat(to);
        Commit();
        Beat(to + 1);
        Commit();
        for (var partition = 0; partition < _partitions; partition++)
        {
            Driver.Pipe(Topics.Heartbeats, "all"u8.ToArray(), TriageHarness.Encoded(new StationHeartbeat { Facility = "all", At = to }), partition);
        }
        Commit();
    }

    private void Beat(long to)
    {
        for (var partition = 0; partition < _partitions; partition++)
        {
            // Units of retailers of no interest, enough of them that every partition of the windows hears of it.
            for (var clock = 0; clock < 2 * _partitions; clock++)
            {
                var lpn = string.Create(CultureInfo.InvariantCulture, $"clock-{to}-{partition}-{clock}");
                var unit = Decision(lpn, to, program: $"clock-{clock}");
                unit.RoutedAt = to;
                Driver.Pipe(Topics.Dispositions, Encoding.UTF8.GetBytes(lpn), TriageHarness.Encoded(unit), partition);
            }
        }
    }

    public void Commit()
    {
        // What the first part of the topology has sent is read by the second one.
        Driver.Commit();
        Driver.Commit();
        Changes += Driver.Read(Topics.RecoveryChanges).Count;
        foreach (var record in Driver.Read(Topics.Recovery))
        {
            var window = new RecoveryWindow();
            Assert.True(new WireDecoder<RecoveryWindow>().TryDecode(record.Value, window, out var error), error.ToString());
            if (!window.Program.ToString().StartsWith("clock", StringComparison.Ordinal))
            {
                Windows.Add(window);
                _latest[Encoding.UTF8.GetString(record.Key!)] = window;
            }
        }
        DeadLetters.AddRange(Driver.Read(Topics.DeadLetters));
    }

    /// <summary>Figures in words, to be compared.</summary>
    public static string Text(RecoveryFigures figures) => string.Create(CultureInfo.InvariantCulture,
        $"{figures.Units} in: {figures.Restocked} {figures.Refurbished} {figures.Resold} {figures.ReturnedToVendor} {figures.Donated} {figures.WrittenOff} {figures.Quarantined} {figures.InReview}; {figures.KeptGrams} g, {figures.DwellMillis} ms ")
        + string.Join(',', figures.Dwell.Buckets.Zip(figures.Dwell.Counts))
        + string.Concat(figures.Currencies.Select(c => string.Create(CultureInfo.InvariantCulture,
            $"; {c.Currency} {c.ValuedUnits}: {c.ReceivedValue:0.0000} {c.DecidedValue:0.0000} {c.WrittenOffValue:0.0000}, {c.CostedUnits}: {c.HandlingCost:0.0000}, {c.ExpectedUnits}: {c.ExpectedProceeds:0.0000}, {c.SettledUnits}: {c.SettledProceeds:0.0000} {c.SettledExpected:0.0000}, {c.RatedUnits}: {c.ResaleValue:0.0000} {c.RatedRecovery:0.0000}")));

    public double Metric(string line)
    {
        using var stream = new MemoryStream();
        _registry.CollectAndExportAsTextAsync(stream).GetAwaiter().GetResult();
        return double.Parse(Encoding.UTF8.GetString(stream.ToArray()).Split('\n').Single(l => l.StartsWith(line + " ", StringComparison.Ordinal)).Split(' ')[^1], CultureInfo.InvariantCulture);
    }
}
