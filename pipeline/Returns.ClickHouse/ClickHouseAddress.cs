using System.Data.Common;
using System.Globalization;

namespace Returns.ClickHouse;

/// <summary>Where a ClickHouse server is, and which database and account to use there.</summary>
/// <remarks>Immutable. <see cref="ToString"/> leaves the password out, so that an address can be logged.</remarks>
public sealed class ClickHouseAddress
{
    /// <summary>The database where none is named.</summary>
    public const string DefaultDatabase = "returns";

    private ClickHouseAddress(Uri endpoint, string database, string? user, string? password) =>
        (Endpoint, Database, User, Password) = (endpoint, database, user, password);

    /// <summary>Scheme, host and port of the HTTP interface.</summary>
    public Uri Endpoint { get; }

    /// <summary>The database that holds the tables; it is created by the migrations.</summary>
    public string Database { get; }

    /// <summary>The account, or null for the server's default.</summary>
    public string? User { get; }

    internal string? Password { get; }

    /// <summary>
    /// Parses a URL, such as <c>http://user:password@host:8123/?database=returns</c>, or a ClickHouse.Driver connection string, such
    /// as <c>Host=host;Port=8123;Username=user;Password=…;Database=returns</c>.
    /// </summary>
    /// <exception cref="FormatException">It is neither; the message does not repeat a password.</exception>
    public static ClickHouseAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Contains("://", StringComparison.Ordinal) ? OfUrl(text) : OfConnectionString(text);
    }

    /// <summary>The same server and account with another database.</summary>
    public ClickHouseAddress WithDatabase(string database)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(database);
        return new ClickHouseAddress(Endpoint, database, User, Password);
    }

    /// <summary>Endpoint and database, without the account.</summary>
    public override string ToString() => $"{Endpoint.GetLeftPart(UriPartial.Authority)}, database '{Database}'";

    private static ClickHouseAddress OfUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new FormatException("the ClickHouse URL is not of the form http://[user:password@]host:port/[?database=name] (or https)");
        }
        var (user, password) = (default(string), default(string));
        if (url.UserInfo.Length > 0)
        {
            var colon = url.UserInfo.IndexOf(':', StringComparison.Ordinal);
            user = Uri.UnescapeDataString(colon < 0 ? url.UserInfo : url.UserInfo[..colon]);
            password = colon < 0 ? null : Uri.UnescapeDataString(url.UserInfo[(colon + 1)..]);
        }
        var database = DefaultDatabase;
        foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (pair, "") : (pair[..equals], Uri.UnescapeDataString(pair[(equals + 1)..]));
            (database, user, password) = name switch
            {
                "database" when value.Length > 0 => (value, user, password),
                "user" => (database, value, password),
                "password" => (database, user, value),
                _ => throw new FormatException($"the ClickHouse URL has the unknown parameter '{name}': it takes database, user and password"),
            };
        }
        return new ClickHouseAddress(new UriBuilder(url.Scheme, url.Host, url.Port).Uri, database, user, password);
    }

    private static ClickHouseAddress OfConnectionString(string text)
    {
        DbConnectionStringBuilder parts = [];
        try
        {
            parts.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            throw new FormatException("the ClickHouse address is neither a URL (http://host:8123) nor a connection string (Host=…;Port=…;Database=…)");
        }
        var (host, port, scheme, database) = ("", 0, "http", DefaultDatabase);
        var (user, password) = (default(string), default(string));
        foreach (string name in parts.Keys)
        {
            var value = Convert.ToString(parts[name], CultureInfo.InvariantCulture) ?? "";
            switch (name.ToUpperInvariant())
            {
                case "HOST": host = value; break;
                case "PORT" when int.TryParse(value, CultureInfo.InvariantCulture, out port) && port is > 0 and < 65536: break;
                case "PORT": throw new FormatException($"the ClickHouse connection string has port '{value}': expected a number from 1 to 65535");
                case "PROTOCOL" when value is "http" or "https": scheme = value; break;
                case "DATABASE": database = value; break;
                case "USERNAME": user = value; break;
                case "PASSWORD": password = value; break;
                default: throw new FormatException($"the ClickHouse connection string has '{name}', or a value of it, that is not known here: it takes Host, Port, Protocol (http, https), Database, Username and Password");
            }
        }
        return host.Length == 0 || Uri.CheckHostName(host) == UriHostNameType.Unknown
            ? throw new FormatException("the ClickHouse connection string names no valid Host")
            : new ClickHouseAddress(new UriBuilder(scheme, host, port == 0 ? 8123 : port).Uri, database, user, password);
    }
}
