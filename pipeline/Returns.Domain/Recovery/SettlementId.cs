using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Returns.Contracts;

namespace Returns.Domain.Recovery;

/// <summary>Ids of settlements, by the rule in schemas/README.md.</summary>
public static class SettlementId
{
    /// <summary>The id that follows from the content.</summary>
    public static string Of(Settlement settlement)
    {
        ArgumentNullException.ThrowIfNull(settlement);
        var content = string.Create(CultureInfo.InvariantCulture,
            $"{settlement.Lpn}|{settlement.Program}|{settlement.Payer.ToSymbol()}|{settlement.PayerName}|{settlement.Revision}|{settlement.Amount.Amount:0.0000}|{settlement.Amount.Currency}|{settlement.Reference}|{settlement.PaidAt}");
        return $"ST-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)).AsSpan(0, 16))}";
    }
}
