namespace Returns.Domain.Recovery;

/// <summary>The product line of a SKU. The catalogue has none, so it is taken from the SKU itself.</summary>
public static class ProductLine
{
    /// <summary>
    /// The SKU without the letters at its end that follow a digit: by wide usage the number names the article, and these name its
    /// colour, size or design, as in 85123A and 85123B. A SKU without such letters is a line of its own.
    /// </summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> sku)
    {
        var length = sku.Length;
        while (length > 0 && char.IsAsciiLetter((char)sku[length - 1])) length--;
        return length > 0 && char.IsAsciiDigit((char)sku[length - 1]) ? sku[..length] : sku;
    }
}
