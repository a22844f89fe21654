using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Returns.ClickHouse.Migrations;

/// <summary>One numbered SQL file.</summary>
/// <param name="Version">The number its name begins with.</param>
/// <param name="Name">Its file name.</param>
/// <param name="Sql">Its text. Statements end with a semicolon at the end of a line, and can be run twice without harm.</param>
internal sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>SHA-256 of the text with line ends as LF, in hexadecimal.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(WithLf(Sql))));

    /// <summary>The statements, without their semicolons.</summary>
    public IReadOnlyList<string> Statements { get; } = Split(WithLf(Sql));

    /// <summary>The migrations built into this assembly, in order.</summary>
    /// <exception cref="InvalidOperationException">A file's name has no number, or two have the same.</exception>
    public static IReadOnlyList<Migration> BuiltIn { get; } = Read();

    private static List<Migration> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var migrations = new List<Migration>();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)))
        {
            if (!int.TryParse(name.AsSpan(0, Math.Max(0, name.IndexOf('_', StringComparison.Ordinal))), CultureInfo.InvariantCulture, out var version))
            {
                throw new InvalidOperationException($"migration {name}: the name must begin with a number and an underscore, such as 0001_outcomes.sql");
            }
            using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
            migrations.Add(new Migration(version, name, text.ReadToEnd()));
        }
        migrations.Sort((a, b) => a.Version.CompareTo(b.Version));
        for (var i = 1; i < migrations.Count; i++)
        {
            if (migrations[i].Version == migrations[i - 1].Version)
            {
                throw new InvalidOperationException($"migrations {migrations[i - 1].Name} and {migrations[i].Name} have the same number: give one the next free number");
            }
        }
        return migrations;
    }

    private static string WithLf(string text) => text.ReplaceLineEndings("\n");

    private static List<string> Split(string text)
    {
        var statements = new List<string>();
        var start = 0;
        while (start < text.Length)
        {
            var end = text.IndexOf(";\n", start, StringComparison.Ordinal);
            if (end < 0) end = text.EndsWith(';') ? text.Length - 1 : text.Length;
            var statement = text[start..end].Trim();
            if (HasSql(statement)) statements.Add(statement);
            start = end + 2;
        }
        return statements;
    }

    private static bool HasSql(string statement) =>
        statement.Split('\n').Any(line => line.Trim() is { Length: > 0 } text && !text.StartsWith("--", StringComparison.Ordinal));
}
