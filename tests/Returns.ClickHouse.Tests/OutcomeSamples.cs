using Returns.Contracts;

namespace Returns.ClickHouse.Tests;

/// <summary>Outcomes made from a seed: every field set in some, none of the optional ones in others.</summary>
internal sealed class OutcomeSamples(int seed)
{
    private static readonly long Start = new DateTimeOffset(2010, 12, 1, 8, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private static readonly string[] Categories = ["electronics", "apparel", "homeware", "toys", "beauty"];
    private readonly Random _random = new(seed);

    public ItemGraded Graded(string lpn, int revision = 1)
    {
        var at = Time();
        var graded = new ItemGraded
        {
            Lpn = lpn,
            Program = "NORTH",
            Facility = "DC-" + _random.Next(3),
            Sku = "SKU" + _random.Next(1000),
            Category = Pick(Categories),
            Vendor = Maybe("V-" + _random.Next(20)),
            SerialNumber = Maybe("säriäl-" + _random.Next()),
            Revision = revision,
            Kind = (GradingKind)_random.Next(4),
            Grade = Pick("A", "B", "C", "D", "X"),
            PreviousGrade = Maybe("A"),
            Points = _random.NextDouble() * 100,
            Confidence = _random.NextDouble(),
            RuleVersion = "r" + _random.Next(3),
            GradedAt = at,
            IntakeAt = at - _random.Next(100_000),
            Origin = (Origin)_random.Next(3),
        };
        for (var i = _random.Next(4); i > 0; i--)
        {
            var limit = graded.Limits.Add();
            (limit.Criterion, limit.Value, limit.Cap) = ("criterion" + i, _random.NextDouble(), "B");
        }
        return graded;
    }

    public ItemRouted Routed(string lpn, int revision = 1, Disposition? disposition = null)
    {
        var at = Time();
        var routed = new ItemRouted
        {
            Lpn = lpn,
            Program = "NORTH",
            Facility = "DC-" + _random.Next(3),
            Sku = "SKU" + _random.Next(1000),
            Category = Pick(Categories),
            Vendor = Maybe("V-1"),
            Grade = Maybe("B"),
            ReturnReason = _random.Next(2) == 0 ? null : (ReturnReason)_random.Next(10),
            RaNumber = Maybe("RA-7"),
            Revision = revision,
            Cause = (RoutingCause)_random.Next(4),
            Disposition = disposition ?? (Disposition)_random.Next(8),
            Channel = Maybe("b2b"),
            PreviousDisposition = _random.Next(2) == 0 ? null : (Disposition)_random.Next(8),
            ExpectedValue = MaybeMoney(),
            ReferencePrice = MaybeMoney(),
            Cost = MaybeMoney(),
            HandlingCost = MaybeMoney(),
            WeightGrams = _random.Next(2) == 0 ? null : _random.Next(5_000),
            PricePaid = MaybeMoney(),
            Operator = Maybe("op"),
            OverrideReason = Maybe("because 'it' \\ was \t so"),
            RuleVersion = "r1",
            RoutedAt = at,
            IntakeAt = at - 5000,
            DwellMillis = 5000,
            Origin = (Origin)_random.Next(3),
        };
        for (var i = _random.Next(5); i > 0; i--)
        {
            var candidate = routed.Candidates.Add();
            (candidate.Disposition, candidate.Channel, candidate.Value) = ((Disposition)_random.Next(8), Maybe("owned"), MaybeMoney());
            (candidate.Outcome, candidate.Detail) = ((CandidateOutcome)_random.Next(9), Maybe("row 12"));
        }
        for (var i = _random.Next(3); i > 0; i--) routed.Blocks.Add((HardBlock)_random.Next(5));
        return routed;
    }

    public ItemException Raised(string lpn, int revision = 1, ExceptionState? state = null)
    {
        var raised = new ItemException
        {
            Lpn = lpn,
            Program = "NORTH",
            Facility = "DC-1",
            Sku = Maybe("SKU1"),
            Category = Maybe("toys"),
            Vendor = Maybe("V-2"),
            Grade = Maybe("C"),
            Revision = revision,
            State = state ?? (ExceptionState)_random.Next(2),
            Reason = (ExceptionReason)_random.Next(11),
            Detail = "look at it",
            RaisedAt = Time(),
            IntakeAt = _random.Next(2) == 0 ? null : Start,
            RuleVersion = Maybe("r2"),
            Origin = (Origin)_random.Next(3),
        };
        for (var i = _random.Next(3); i > 0; i--) raised.Missing.Add("criterion" + i);
        return raised;
    }

    public VendorWindow Window()
    {
        var window = new VendorWindow
        {
            Program = "NORTH",
            Vendor = Pick("V-1", "V-2"),
            AgreementId = Pick("a1", "a2"),
            Agreement = "2026",
            Kind = (VendorWindowKind)_random.Next(2),
            Start = Time(),
            End = Time(),
            Figure = (FigureKind)_random.Next(3),
            Revision = _random.Next(4),
            Currency = Currency.Parse(Pick("GBP", "EUR")),
        };
        Fill(window.Figures);
        return window;
    }

    public VendorAlert Alert()
    {
        var alert = new VendorAlert
        {
            AlertId = "VA-" + _random.Next(),
            Program = "NORTH",
            Vendor = Pick("V-1", "V-2"),
            AgreementId = "a1",
            Agreement = "2026",
            Measure = (RateMeasure)_random.Next(2),
            State = (AlertState)_random.Next(2),
            At = Time(),
            RaisedAt = Time(),
            Allowed = _random.NextDouble(),
            Rate = _random.NextDouble(),
            LowerBound = _random.NextDouble(),
            WindowStart = Time(),
            WindowEnd = Time(),
            Currency = Currency.Parse(Pick("GBP", "EUR")),
        };
        Fill(alert.Figures);
        return alert;
    }

    public Chargeback Charged()
    {
        var document = new Chargeback
        {
            DocumentId = "CB-" + _random.Next(),
            Kind = (DocumentKind)_random.Next(2),
            Program = "NORTH",
            Vendor = Pick("V-1", "V-2"),
            Sequence = _random.Next(9),
            Corrects = Maybe("CB-7"),
            Revision = _random.Next(3),
            WindowStart = Time(),
            WindowEnd = Time(),
            DefectsCharged = _random.Next(2) == 0,
            Total = _random.Next(-1_000_000, 10_000_000) / 100m,
            IssuedAt = Time(),
            DisputeUntil = Time(),
            RespondBy = Time(),
            PreviousHash = Maybe("aa"),
            ContentHash = "bb" + _random.Next(),
        };
        (document.Terms.Id, document.Terms.Name, document.Terms.Version, document.Terms.Currency) = ("a1", "2026", "v1", Currency.Parse(Pick("GBP", "EUR")));
        (document.Journal.Partition, document.Journal.FirstOffset, document.Journal.LastOffset, document.Journal.Records, document.Journal.Hash) = (3, 5, _random.NextInt64(), 7, "cc");
        Fill(document.Figures);
        for (var i = _random.Next(5); i > 0; i--)
        {
            var line = document.Lines.Add();
            (line.Kind, line.Units, line.Amount) = ((ChargeKind)_random.Next(7), _random.Next(-5, 100), _random.Next(-1_000_000, 10_000_000) / 100m);
        }
        return document;
    }

    public Settlement Paid(string lpn, int revision = 1) => new()
    {
        SettlementId = "ST-" + _random.Next(),
        Lpn = lpn,
        Program = "NORTH",
        Payer = (Payer)_random.Next(3),
        PayerName = Pick("b2b", "V-1"),
        Revision = revision,
        Amount = new Money(_random.Next(1_000_000) / 10_000m, Currency.Parse(Pick("GBP", "EUR"))),
        Reference = Maybe("remittance 7"),
        PaidAt = Time(),
        Origin = (Origin)_random.Next(3),
    };

    public RecoveryWindow Recovered()
    {
        var window = new RecoveryWindow
        {
            Program = "NORTH",
            Origin = (Origin)_random.Next(3),
            Dimension = (RecoveryDimension)_random.Next(7),
            Value = Pick("", "toys"),
            Span = (WindowSpan)_random.Next(3),
            Start = Start + 3_600_000 * _random.Next(3),
            End = Time(),
            Figure = (FigureKind)_random.Next(3),
            Revision = _random.Next(4),
            DwellMedianMillis = _random.Next(2) == 0 ? null : _random.NextInt64(),
            DwellP90Millis = _random.Next(2) == 0 ? null : _random.NextInt64(),
            WriteOffRate = _random.Next(2) == 0 ? null : _random.NextDouble(),
        };
        var figures = window.Figures;
        (figures.Units, figures.Restocked, figures.Refurbished, figures.Resold, figures.ReturnedToVendor) = (1 + _random.Next(100), _random.Next(100), _random.Next(100), _random.Next(100), _random.Next(100));
        (figures.Donated, figures.WrittenOff, figures.Quarantined, figures.InReview, figures.KeptGrams, figures.DwellMillis) =
            (_random.Next(100), _random.Next(100), _random.Next(100), _random.Next(100), _random.NextInt64(), _random.NextInt64());
        for (var i = _random.Next(4); i > 0; i--)
        {
            figures.Dwell.Buckets.Add(_random.Next(1000));
            figures.Dwell.Counts.Add(_random.NextInt64());
        }
        foreach (var code in new[] { "EUR", "GBP" }.Take(_random.Next(3)))
        {
            var amounts = figures.Currencies.Add();
            amounts.Currency = Currency.Parse(code);
            (amounts.ValuedUnits, amounts.ReceivedValue, amounts.DecidedValue, amounts.WrittenOffValue) = (_random.Next(9), Amount(), Amount(), Amount());
            (amounts.CostedUnits, amounts.HandlingCost, amounts.ExpectedUnits, amounts.ExpectedProceeds) = (_random.Next(9), Amount(), _random.Next(9), Amount());
            (amounts.SettledUnits, amounts.SettledProceeds, amounts.SettledExpected) = (_random.Next(9), Amount(), Amount());
            (amounts.RatedUnits, amounts.ResaleValue, amounts.RatedRecovery) = (_random.Next(9), Amount(), Amount());
            var rates = window.Rates.Add();
            rates.Currency = amounts.Currency;
            (rates.WriteOffRate, rates.RecoveryRate, rates.CostPerReturn, rates.NetRecovery) =
                (_random.Next(2) == 0 ? null : _random.NextDouble(), _random.Next(2) == 0 ? null : _random.NextDouble(), _random.Next(2) == 0 ? null : Amount(), Amount());
        }
        return window;
    }

    private decimal Amount() => _random.Next(-1_000_000, 10_000_000) / 10_000m;

    private void Fill(DefectFigures figures) => (figures.Units, figures.Defects, figures.ValuedUnits, figures.Value, figures.DefectValue) =
        (_random.Next(1000), _random.Next(100), _random.Next(1000), _random.Next(1_000_000) / 10_000m, _random.Next(1_000_000) / 10_000m);

    private long Time() => Start + _random.NextInt64(400L * 24 * 3600 * 1000);

    private string Pick(params string[] of) => of[_random.Next(of.Length)];

    private Utf8? Maybe(string text) => _random.Next(2) == 0 ? default(Utf8?) : Utf8.From(text);

    private Money? MaybeMoney() =>
        _random.Next(2) == 0 ? null : new Money(_random.Next(-1_000_000, 10_000_000) / 10_000m, Currency.Parse(Pick("GBP", "EUR")));
}
