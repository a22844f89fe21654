using System.Text;
using Returns.Contracts;

namespace Returns.ClickHouse.Rows;

/// <summary>The symbols of the contracts' enums as RowBinary strings, so that a row copies them and builds none.</summary>
internal static class Symbols
{
    public static readonly byte[][] GradingKind = Encode(GradingKindSymbols.All);
    public static readonly byte[][] Origin = Encode(OriginSymbols.All);
    public static readonly byte[][] ReturnReason = Encode(ReturnReasonSymbols.All);
    public static readonly byte[][] RoutingCause = Encode(RoutingCauseSymbols.All);
    public static readonly byte[][] Disposition = Encode(DispositionSymbols.All);
    public static readonly byte[][] CandidateOutcome = Encode(CandidateOutcomeSymbols.All);
    public static readonly byte[][] HardBlock = Encode(HardBlockSymbols.All);
    public static readonly byte[][] ExceptionState = Encode(ExceptionStateSymbols.All);
    public static readonly byte[][] ExceptionReason = Encode(ExceptionReasonSymbols.All);
    public static readonly byte[][] VendorWindowKind = Encode(VendorWindowKindSymbols.All);
    public static readonly byte[][] FigureKind = Encode(FigureKindSymbols.All);
    public static readonly byte[][] RateMeasure = Encode(RateMeasureSymbols.All);
    public static readonly byte[][] AlertState = Encode(AlertStateSymbols.All);
    public static readonly byte[][] DocumentKind = Encode(DocumentKindSymbols.All);
    public static readonly byte[][] ChargeKind = Encode(ChargeKindSymbols.All);

    public static readonly byte[][] Payer = Encode(PayerSymbols.All);
    public static readonly byte[][] RecoveryDimension = Encode(RecoveryDimensionSymbols.All);
    public static readonly byte[][] WindowSpan = Encode(WindowSpanSymbols.All);

    private static byte[][] Encode(IReadOnlyList<string> symbols) =>
        [.. symbols.Select(symbol => (byte[])[checked((byte)symbol.Length), .. Encoding.ASCII.GetBytes(symbol)])];
}
