using Returns.Contracts;

namespace Returns.Domain.Tests.Models;

/// <summary>
/// What becomes of a unit, by the words of the design and of the domain's README, in decimals, lists and LINQ. It shares no
/// code with the decisions it is held against.
/// </summary>
internal sealed class DecisionOracle(RuleModel rules, UnitModel unit)
{
    private const decimal MillisPerDay = 86_400_000;

    private readonly CatalogModel _catalog = unit.Catalog!;
    private readonly VendorModel _vendor = rules.Vendor(unit.Catalog!.Vendor);
    private readonly ReturnReason _reason = unit.Reason ?? ReturnReason.Unspecified;
    private List<HardBlock> _blocks = [];
    private int? _grade;

    public sealed record Answer(DecisionState State, WaitsFor WaitsFor = WaitsFor.Nothing, ExceptionReason? Review = null,
        Disposition? Disposition = null, string? Channel = null, RoutingCause? Cause = null, bool Refused = false);

    public static Answer Decide(RuleModel rules, UnitModel unit)
    {
        if (unit.Catalog is null) return new Answer(DecisionState.Open, WaitsFor.Catalog);
        if (rules.Category(unit.Catalog.Category) is not { } category)
            return new Answer(DecisionState.ManualReview, Review: ExceptionReason.RulesMissing);
        return new DecisionOracle(rules, unit).Decide(category);
    }

    private Answer Decide(CategoryModel category)
    {
        var first = GradingOracle.Of(category, _catalog, unit.Findings);
        var second = GradingOracle.Of(category, _catalog, unit.QualityFindings);
        var graded = first.Missing.Length == 0;
        ExceptionReason? doubt = null;
        if (graded && unit.Image is { } image && image.Confidence is >= 0 and <= 1 && rules.Scale.Contains(image.Grade))
        {
            if (image.Confidence < category.MinConfidence) doubt = ExceptionReason.LowConfidence;
            else if (Math.Abs(Array.IndexOf(rules.Scale, image.Grade) - first.Grade) >= category.ImageDisagreeAt)
                doubt = ExceptionReason.GradesDisagree;
        }

        if (graded && unit.QualityFindings.Length > 0 && second.Missing.Length == 0
            && Math.Abs(second.Grade - first.Grade) >= category.QualityDisagreeAt)
            doubt ??= ExceptionReason.GradesDisagree;

        _blocks = Blocks([.. first.Signals, .. second.Signals.Except(["sealed", "wiped"])]);
        _grade = graded ? first.Grade : null;
        var refused = false;
        if (unit.Operator is not null)
        {
            if (Obey(unit.Operator) is { } obeyed) return obeyed;
            refused = true;
            _grade = graded ? first.Grade : null;
        }

        var early = _blocks.Exists(b => rules.Block(b).BeforeGrading);
        if (unit.IntakeAt is null) return new Answer(DecisionState.Open, WaitsFor.Intake, Refused: refused);
        if (!early && !graded) return new Answer(DecisionState.Open, WaitsFor.Findings, Refused: refused);
        if (!early && doubt is not null) return new Answer(DecisionState.ManualReview, Review: doubt, Refused: refused);
        return Route() with { Refused = refused };
    }

    private List<HardBlock> Blocks(string[] signals)
    {
        var blocks = new List<HardBlock>();
        if (_catalog.Recalled) blocks.Add(HardBlock.Recall);
        if (_catalog.Hazmat || signals.Contains("hazardous")) blocks.Add(HardBlock.Hazmat);
        if (signals.Contains("counterfeit")) blocks.Add(HardBlock.Counterfeit);
        if (_catalog.Hygiene && (signals.Contains("opened") || !signals.Contains("sealed"))) blocks.Add(HardBlock.Hygiene);
        if (_catalog.DataBearing && !signals.Contains("wiped")) blocks.Add(HardBlock.DataNotWiped);
        return blocks;
    }

    private bool Forbidden(Disposition disposition) => _blocks.Exists(b => rules.Block(b).Forbids.Contains(disposition));

    private Answer? Obey(OperatorModel choice)
    {
        if (choice.Grade is not null)
        {
            if (!rules.Scale.Contains(choice.Grade)) return null;
            _grade = Array.IndexOf(rules.Scale, choice.Grade);
        }

        if (Forbidden(choice.Disposition)) return null;
        if (choice.Disposition == Disposition.Resell && choice.Channel.Length == 0)
        {
            if (_grade is null) return null;
            var fit = rules.Channels.Where(c => Takes(c, _grade.Value) && c.Currency == _catalog.Currency).ToList();
            var best = fit.Where(c => Room(c.Name)).OrderByDescending(c => Value(c) - Bid(c.Name)).FirstOrDefault();
            if (best is not null) return Routed(new WayModel(Disposition.Resell, best.Name), RoutingCause.Operator);
            return fit.Count > 0 ? Review(ExceptionReason.NoCapacity, RoutingCause.Operator) : null;
        }

        if (choice.Disposition == Disposition.ManualReview) return Review(ExceptionReason.OperatorRequest, RoutingCause.Operator);
        if (choice.Disposition != Disposition.Resell) return Routed(new WayModel(choice.Disposition, null), RoutingCause.Operator);
        if (!rules.Channels.Any(c => c.Name == choice.Channel)) return null;
        return Room(choice.Channel)
            ? Routed(new WayModel(Disposition.Resell, choice.Channel), RoutingCause.Operator)
            : Review(ExceptionReason.NoCapacity, RoutingCause.Operator);
    }

    private Answer Route()
    {
        if (Forced(b => b.Force) is { } forced) return forced;
        if (_vendor.ReturnToVendor == "forced" && !Forbidden(Disposition.ReturnToVendor))
        {
            if (Terms() == "met") return Routed(new WayModel(Disposition.ReturnToVendor, null), RoutingCause.VendorTerms);
            if (Terms() == "authorization missing") return Review(ExceptionReason.AuthorizationMissing, RoutingCause.VendorTerms);
        }

        var row = rules.Rows.FirstOrDefault(r => (r.Categories?.Contains(_catalog.Category) ?? true)
            && (r.Grades?.Contains(_grade!.Value) ?? true) && (r.Reasons?.Contains(_reason) ?? true));
        return (row is null ? null : Table(row)) ?? Forced(b => b.Fallback) ?? Review(ExceptionReason.NoRoute, RoutingCause.Policy);
    }

    private Answer? Forced(Func<BlockModel, Disposition[]> ways)
    {
        var named = _blocks.SelectMany(b => ways(rules.Block(b))).Distinct().ToList();
        if (named.Count == 0) return null;
        var worst = _grade ?? rules.Scale.Length - 1;
        foreach (var way in named.Where(w => !Forbidden(w)))
        {
            if (way == Disposition.ReturnToVendor && Terms() != "met") continue;
            if (rules.Dispositions.TryGetValue(way, out var outlet) && !Takes(outlet, worst)) continue;
            return way == Disposition.ManualReview
                ? Review(ExceptionReason.Other, RoutingCause.HardBlock)
                : Routed(new WayModel(way, null), RoutingCause.HardBlock);
        }

        var authorization = named.Contains(Disposition.ReturnToVendor) && !Forbidden(Disposition.ReturnToVendor)
            && Terms() == "authorization missing";
        return Review(authorization ? ExceptionReason.AuthorizationMissing : ExceptionReason.NoRoute, RoutingCause.HardBlock);
    }

    private Answer? Table(RowModel row)
    {
        // Every way that is open, or would be with room or with an authorization, best first.
        var open = row.To.Where(Allowed).ToList();
        if (row.ByValue) open = [.. open.OrderByDescending(w => Value(w) - (w.Channel is null ? 0 : Bid(w.Channel)))];
        var noRoom = open.Where(w => w.Channel is not null && !Room(w.Channel)).ToList();
        var noAuthorization = open.Where(w => w.Disposition == Disposition.ReturnToVendor && Terms() != "met").ToList();
        var best = open.Except(noRoom).Except(noAuthorization).FirstOrDefault();
        if (best is not null && (best.Disposition != Disposition.Dispose || best == open[0]))
        {
            return best.Disposition == Disposition.ManualReview
                ? Review(ExceptionReason.Other, RoutingCause.Policy)
                : Routed(best, RoutingCause.Policy);
        }

        if (best is not null) return Review(noRoom.Contains(open[0]) ? ExceptionReason.NoCapacity : ExceptionReason.AuthorizationMissing, RoutingCause.Policy);
        if (noRoom.Count > 0) return Review(ExceptionReason.NoCapacity, RoutingCause.Policy);
        return noAuthorization.Count > 0 ? Review(ExceptionReason.AuthorizationMissing, RoutingCause.Policy) : null;
    }

    private bool Allowed(WayModel way)
    {
        if (Forbidden(way.Disposition)) return false;
        if (way.Disposition == Disposition.ReturnToVendor)
        {
            return Terms() is "met" or "authorization missing" && _vendor.Currency == _catalog.CostCurrency
                && _vendor.Currency == _catalog.Currency;
        }

        return Outlet(way) is not { } outlet || (Takes(outlet, _grade!.Value) && outlet.Currency == _catalog.Currency);
    }

    private OutletModel? Outlet(WayModel way) =>
        way.Channel is not null ? rules.Channels.Single(c => c.Name == way.Channel) : rules.Dispositions.GetValueOrDefault(way.Disposition);

    private bool Takes(OutletModel outlet, int grade) =>
        (outlet.Categories?.Contains(_catalog.Category) ?? true) && grade <= outlet.MinGrade;

    private bool Room(string channel) => unit.Room[Array.FindIndex(rules.Channels, c => c.Name == channel)];

    private decimal Bid(string channel) => unit.BidPrices[Array.FindIndex(rules.Channels, c => c.Name == channel)];

    private string Terms()
    {
        if (_vendor.ReturnToVendor == "prohibited") return "prohibited";
        if (_vendor.Reasons?.Contains(_reason) == false) return "reason";
        if (_grade is { } grade && _vendor.Grades?.Contains(grade) == false) return "grade";
        if (_vendor.WindowDays is { } days && Dwell > days * MillisPerDay) return "window passed";
        return _vendor.AuthorizationNeeded && !unit.HasAuthorization ? "authorization missing" : "met";
    }

    private decimal Dwell => Math.Max(0, unit.DecidedAt - (unit.IntakeAt ?? unit.DecidedAt));

    private decimal Kilograms => (unit.WeightGrams > 0 ? unit.WeightGrams
        : _catalog.WeightGrams > 0 ? _catalog.WeightGrams.Value
        : rules.Category(_catalog.Category)!.AssumedWeight) / 1000m;

    private decimal Value(WayModel way) => way.Disposition == Disposition.ReturnToVendor
        ? Rounded(_catalog.Cost * _vendor.CreditPercent / 100) - _vendor.Handling - Rounded(_vendor.Freight * Kilograms)
        : Outlet(way) is { } outlet ? Value(outlet) : 0;

    private decimal Value(OutletModel outlet) =>
        Proceeds(outlet) - outlet.Processing - outlet.Refurbishment[_grade!.Value] - Rounded(outlet.Freight * Kilograms);

    private decimal Proceeds(OutletModel outlet)
    {
        var proceeds = Rounded(_catalog.Price * outlet.RecoveryPercent[_grade!.Value] / 100);
        var days = Math.Floor(Dwell / MillisPerDay) + outlet.DaysToSell;
        var lost = Math.Min(1, rules.Category(_catalog.Category)!.LossPercentPerDay / 100 * days);
        return proceeds - Rounded(proceeds * lost);
    }

    /// <summary>What a way that has a value brings, before its costs.</summary>
    public decimal ProceedsOf(WayModel way, int grade)
    {
        _grade = grade;
        return way.Disposition == Disposition.ReturnToVendor ? Rounded(_catalog.Cost * _vendor.CreditPercent / 100) : Proceeds(Outlet(way)!);
    }

    private static decimal Rounded(decimal amount) => decimal.Round(amount, 4, MidpointRounding.AwayFromZero);

    /// <summary>Value of a way by these rules; null where currencies or grades allow no figure.</summary>
    public decimal? ValueOf(WayModel way, int? grade)
    {
        _grade = grade;
        if (way.Disposition == Disposition.ReturnToVendor)
        {
            return _vendor.ReturnToVendor != "prohibited" && _vendor.Currency == _catalog.CostCurrency
                && _vendor.Currency == _catalog.Currency ? Value(way) : null;
        }

        return Outlet(way) is { } outlet && outlet.Currency == _catalog.Currency && grade <= outlet.MinGrade ? Value(outlet) : null;
    }

    private static Answer Routed(WayModel way, RoutingCause cause) =>
        new(DecisionState.Routed, Disposition: way.Disposition, Channel: way.Channel, Cause: cause);

    private static Answer Review(ExceptionReason reason, RoutingCause cause) =>
        new(DecisionState.ManualReview, Review: reason, Disposition: Disposition.ManualReview, Cause: cause);
}
