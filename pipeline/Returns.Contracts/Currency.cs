namespace Returns.Contracts;

/// <summary>An ISO 4217 currency code: three upper-case letters.</summary>
/// <remarks>The default value is <see cref="None"/>, which no amount of money should carry.</remarks>
public readonly record struct Currency : IComparable<Currency>
{
    private readonly uint _letters;

    private Currency(uint letters) => _letters = letters;

    /// <summary>No currency.</summary>
    public static Currency None => default;

    /// <summary>Parses a code such as GBP.</summary>
    /// <exception cref="FormatException"><paramref name="code"/> is not three upper-case letters.</exception>
    public static Currency Parse(string code) =>
        TryParse(Utf8.From(code).Span, out var currency)
            ? currency
            : throw new FormatException($"currency '{code}': expected an ISO 4217 code of three upper-case letters, such as GBP");

    /// <summary>Parses a code; false, and <see cref="None"/>, when it is not three upper-case ASCII letters.</summary>
    public static bool TryParse(ReadOnlySpan<byte> code, out Currency currency)
    {
        currency = None;
        if (code.Length != 3 || !char.IsAsciiLetterUpper((char)code[0]) || !char.IsAsciiLetterUpper((char)code[1])
            || !char.IsAsciiLetterUpper((char)code[2]))
        {
            return false;
        }
        currency = new Currency((uint)(code[0] | (code[1] << 8) | (code[2] << 16)));
        return true;
    }

    /// <summary>Writes the three letters, or nothing for <see cref="None"/>.</summary>
    /// <returns>The number of bytes written: 3 or 0.</returns>
    public int Write(Span<byte> destination)
    {
        if (_letters == 0)
        {
            return 0;
        }
        (destination[0], destination[1], destination[2]) = ((byte)_letters, (byte)(_letters >> 8), (byte)(_letters >> 16));
        return 3;
    }

    /// <summary>Compares in the order of the codes; <see cref="None"/> comes first.</summary>
    public int CompareTo(Currency other) => Ordered(_letters).CompareTo(Ordered(other._letters));

    /// <summary>Whether <paramref name="left"/> comes before.</summary>
    public static bool operator <(Currency left, Currency right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> comes after.</summary>
    public static bool operator >(Currency left, Currency right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> does not come after.</summary>
    public static bool operator <=(Currency left, Currency right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> does not come before.</summary>
    public static bool operator >=(Currency left, Currency right) => left.CompareTo(right) >= 0;

    /// <summary>The code, or the empty string for <see cref="None"/>.</summary>
    public override string ToString() =>
        _letters == 0 ? "" : new string([(char)(byte)_letters, (char)(byte)(_letters >> 8), (char)(byte)(_letters >> 16)]);

    // The first letter is the lowest byte.
    private static uint Ordered(uint letters) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(letters);
}
