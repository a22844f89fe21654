using Returns.Contracts;
using Returns.Domain.Channels;

namespace Returns.Domain.Routing;

/// <summary>Whether units may, must or must not go back to their vendor.</summary>
public enum ReturnToVendor
{
    /// <summary>Never.</summary>
    Prohibited,

    /// <summary>Where the routing table lists it.</summary>
    Eligible,

    /// <summary>Whatever the routing table lists.</summary>
    Forced,
}

/// <summary>What the terms say of one unit.</summary>
public enum TermsVerdict
{
    /// <summary>It may go back.</summary>
    Met,

    /// <summary>The vendor takes nothing back.</summary>
    Prohibited,

    /// <summary>Not for this return reason.</summary>
    Reason,

    /// <summary>Not in this grade.</summary>
    Grade,

    /// <summary>The return window has passed.</summary>
    WindowPassed,

    /// <summary>All else is met, but the return authorization is missing.</summary>
    AuthorizationMissing,
}

/// <summary>A vendor's terms for returned units. Immutable.</summary>
/// <remarks>
/// Value of a return: cost × credit − handling − freight per kg × weight, in the currency of the cost, which must be that
/// of the terms. The window runs from intake: a unit decided exactly <see cref="WindowMillis"/> after it is within.
/// </remarks>
public sealed class VendorTerms
{
    private const long MillisPerDay = 86_400_000;

    private readonly uint _reasons;
    private readonly uint _grades;
    private readonly Utf8[] _texts;

    internal VendorTerms(string name, ReturnToVendor returnToVendor, uint reasons, uint grades, int? windowDays,
        bool authorizationNeeded, Currency currency, int credit, long handling, long freightPerKilogram)
    {
        ReturnToVendor = returnToVendor;
        WindowMillis = windowDays * MillisPerDay ?? long.MaxValue;
        AuthorizationNeeded = authorizationNeeded;
        Currency = currency;
        Credit = credit;
        Handling = handling;
        FreightPerKilogram = freightPerKilogram;
        _reasons = reasons;
        _grades = grades;

        var who = name == "*" ? "vendors without an agreement" : $"vendor '{name}'";
        Forced = $"{who}: return to vendor is forced";
        CurrencyText = $"{who}: settles in {currency}";
        _texts = new Utf8[(int)TermsVerdict.AuthorizationMissing + 1];
        _texts[(int)TermsVerdict.Met] = $"{who}: terms met";
        _texts[(int)TermsVerdict.Prohibited] = $"{who}: return to vendor is prohibited";
        _texts[(int)TermsVerdict.Reason] = $"{who}: not returnable for this reason";
        _texts[(int)TermsVerdict.Grade] = $"{who}: not returnable in this grade";
        _texts[(int)TermsVerdict.WindowPassed] = $"{who}: the return window of {windowDays} days has passed";
        _texts[(int)TermsVerdict.AuthorizationMissing] = $"{who}: needs a return authorization";
    }

    /// <summary>Whether units may, must or must not go back.</summary>
    public ReturnToVendor ReturnToVendor { get; }

    /// <summary>How long after intake units go back, milliseconds, inclusive; the greatest long where without end.</summary>
    public long WindowMillis { get; }

    /// <summary>True where a unit needs a return authorization.</summary>
    public bool AuthorizationNeeded { get; }

    /// <summary>Currency of credit and costs.</summary>
    public Currency Currency { get; }

    /// <summary>Share of the cost that is credited, in basis points.</summary>
    public int Credit { get; }

    /// <summary>Cost of handling a return, in ten-thousandths of <see cref="Currency"/>.</summary>
    public long Handling { get; }

    /// <summary>Freight per kilogram, in ten-thousandths of <see cref="Currency"/>.</summary>
    public long FreightPerKilogram { get; }

    internal Utf8 Forced { get; }

    internal Utf8 CurrencyText { get; }

    internal Utf8 TextOf(TermsVerdict verdict) => _texts[(int)verdict];

    /// <summary>Whether a unit may go back, and what is in the way.</summary>
    /// <param name="reason">The stated reason.</param>
    /// <param name="grade">Index of the grade, or -1 where a unit is routed without one: grades are then not asked.</param>
    /// <param name="dwellMillis">Time since intake.</param>
    /// <param name="hasAuthorization">Whether it came with a return authorization.</param>
    public TermsVerdict Check(ReturnReason reason, int grade, long dwellMillis, bool hasAuthorization)
    {
        if (ReturnToVendor == ReturnToVendor.Prohibited) return TermsVerdict.Prohibited;
        if ((_reasons >> (int)reason & 1) == 0) return TermsVerdict.Reason;
        if (grade >= 0 && (_grades >> grade & 1) == 0) return TermsVerdict.Grade;
        if (dwellMillis > WindowMillis) return TermsVerdict.WindowPassed;
        return AuthorizationNeeded && !hasAuthorization ? TermsVerdict.AuthorizationMissing : TermsVerdict.Met;
    }

    /// <summary>Net value of returning a unit, in ten-thousandths of <see cref="Currency"/>.</summary>
    public long Value(long cost, int grams) =>
        FixedAmount.Share(cost, Credit, FixedAmount.Scale) - Cost(grams);

    /// <summary>Handling and freight of a return, in ten-thousandths of <see cref="Currency"/>.</summary>
    public long Cost(int grams) => Handling + Freight.Of(FreightPerKilogram, grams);
}
