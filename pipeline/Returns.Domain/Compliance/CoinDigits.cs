using Returns.Contracts;

namespace Returns.Domain.Compliance;

/// <summary>Amounts that can be paid: whole numbers of a currency's smallest coin.</summary>
internal static class CoinDigits
{
    // ISO 4217, column "minor unit", where it is not 2.
    private static readonly Currency[] Without = [.. "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".Split(' ').Select(Currency.Parse)];
    private static readonly Currency[] WithThree = [.. "BHD IQD JOD KWD LYD OMR TND".Split(' ').Select(Currency.Parse)];

    /// <summary>Decimal places of amounts in the currency.</summary>
    public static int Of(Currency currency) => Without.Contains(currency) ? 0 : WithThree.Contains(currency) ? 3 : 2;
}
