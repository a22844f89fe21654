using System.Text;

namespace Returns.Domain.Rules.Yaml;

/// <summary>The names rules use for the contract's enums: the symbols on the wire, such as <c>return_to_vendor</c>.</summary>
internal static class WireNames<T> where T : struct, Enum
{
    private static readonly Dictionary<string, T> ByName =
        Enum.GetValues<T>().ToDictionary(value => Symbol(value.ToString()), StringComparer.Ordinal);

    public static int Count => ByName.Count;

    public static string Of(T value) => Symbol(value.ToString());

    /// <summary>The value named, or null after an error that lists the names there are.</summary>
    public static T? Parse(MapReader map, string what, Located<string> text)
    {
        if (ByName.TryGetValue(text.Value, out var value)) return value;
        map.Error(text.Line, $"{what} '{text.Value}' is not known; known are {string.Join(", ", ByName.Keys)}");
        return null;
    }

    private static string Symbol(string name)
    {
        var symbol = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsUpper(c) && symbol.Length > 0) symbol.Append('_');
            symbol.Append(char.ToLowerInvariant(c));
        }

        return symbol.ToString();
    }
}
