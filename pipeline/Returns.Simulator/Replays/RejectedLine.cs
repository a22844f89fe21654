using System.Globalization;

namespace Returns.Simulator.Replays;

/// <summary>Why a data line of a replayed file gives no units.</summary>
public enum RejectReason
{
    /// <summary>The stock code does not begin with a digit: postage, discounts, fees and the like.</summary>
    NotAProduct,

    /// <summary>Fewer fields than the header.</summary>
    MissingColumns,

    /// <summary>More fields than the header.</summary>
    TooManyColumns,

    /// <summary>A quote that is not closed on its line.</summary>
    UnterminatedQuote,

    /// <summary>Text between a closing quote and the next comma.</summary>
    TextAfterQuote,

    /// <summary>A NUL byte.</summary>
    NulByte,

    /// <summary>Bytes that are not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>Longer than <see cref="ReturnFileReader.MaxLineBytes"/>.</summary>
    LineTooLong,

    /// <summary>The quantity is not a number.</summary>
    BadQuantity,

    /// <summary>The quantity is not a whole number.</summary>
    FractionalQuantity,

    /// <summary>The quantity is zero or positive: a sale, not a return.</summary>
    NotAReturn,

    /// <summary>More than <see cref="ReturnFileReader.MaxUnitsPerLine"/> units.</summary>
    TooManyUnits,

    /// <summary>The date is in neither layout, or is no date.</summary>
    BadDate,

    /// <summary>The price is not a number.</summary>
    BadPrice,

    /// <summary>The price is below zero.</summary>
    NegativePrice,

    /// <summary>The price is above <see cref="ReturnFileReader.MaxPrice"/>.</summary>
    PriceTooHigh,
}

/// <summary>A data line that gives no units.</summary>
/// <param name="File">Name of the file, without its folder.</param>
/// <param name="Line">Line in the file, from 1; the header counts.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Value">The offending text, shortened to 40 characters; empty where there is nothing to show.</param>
public sealed record RejectedLine(string File, long Line, RejectReason Reason, string Value)
{
    /// <summary>What is wrong and what would be right, naming the value.</summary>
    public string Message => Reason switch
    {
        RejectReason.NotAProduct => $"stock code '{Value}' does not begin with a digit: not a product",
        RejectReason.MissingColumns => $"{Value} fields, fewer than the header has",
        RejectReason.TooManyColumns => $"{Value} fields, more than the header has: quote a field that holds commas",
        RejectReason.UnterminatedQuote => $"a quote is not closed on this line: {Value}",
        RejectReason.TextAfterQuote => $"text between a closing quote and the next comma: {Value}",
        RejectReason.NulByte => "a NUL byte: not text",
        RejectReason.InvalidUtf8 => "not UTF-8",
        RejectReason.LineTooLong => string.Create(CultureInfo.InvariantCulture, $"longer than {ReturnFileReader.MaxLineBytes} bytes"),
        RejectReason.BadQuantity => $"quantity '{Value}' is not a number",
        RejectReason.FractionalQuantity => $"quantity '{Value}' is not a whole number of units",
        RejectReason.NotAReturn => $"quantity '{Value}' is not below zero: not a return",
        RejectReason.TooManyUnits => string.Create(CultureInfo.InvariantCulture, $"quantity '{Value}' is more than {ReturnFileReader.MaxUnitsPerLine} units on one line"),
        RejectReason.BadDate => $"date '{Value}' is not a date from 1970 to 2199 as yyyy-MM-dd HH:mm:ss or M/d/yyyy H:mm",
        RejectReason.BadPrice => $"price '{Value}' is not a number",
        RejectReason.NegativePrice => $"price '{Value}' is below zero",
        RejectReason.PriceTooHigh => string.Create(CultureInfo.InvariantCulture, $"price '{Value}' is above {ReturnFileReader.MaxPrice}"),
        _ => Reason.ToString(),
    };

    /// <summary><c>file:line: message</c>, as compilers write it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}: {Message}");
}
