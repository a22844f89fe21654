using System.Text;

namespace Returns.Domain.Grading;

/// <summary>
/// The name of a grade, such as A or CPO1: one to four letters or digits, packed. It stays the same when the scale
/// changes, so it is what an item's state keeps. The default value is no grade.
/// </summary>
/// <param name="Packed">The ASCII bytes, the first in the highest used byte; 0 for none. Safe to store.</param>
public readonly record struct GradeCode(uint Packed)
{
    /// <summary>True for the default value.</summary>
    public bool IsNone => Packed == 0;

    /// <summary>Reads a name. False for anything but one to four ASCII letters or digits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> name, out GradeCode code)
    {
        code = default;
        if (name.Length is 0 or > 4) return false;
        uint packed = 0;
        foreach (var b in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)b)) return false;
            packed = packed << 8 | b;
        }

        code = new GradeCode(packed);
        return true;
    }

    /// <summary>The name; empty for none.</summary>
    public override string ToString()
    {
        var name = new StringBuilder(4);
        for (var shift = 24; shift >= 0; shift -= 8)
        {
            var c = (char)(Packed >> shift & 0xFF);
            if (c != 0) name.Append(c);
        }

        return name.ToString();
    }
}
