using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Returns.ClickHouse.Migrations;

/// <summary>Brings the tables and views of a database to the version this build needs.</summary>
/// <remarks>
/// ClickHouse has no lock to take, so several workers may migrate at once: every statement can be run twice without harm, and the
/// record of what was applied holds each version once whoever writes it. Each file's checksum is recorded with it.
/// </remarks>
public sealed class Migrator
{
    private const string CreateRecord = """
        CREATE TABLE IF NOT EXISTS schema_migrations
        (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
        ENGINE = ReplacingMergeTree ORDER BY (version, checksum)
        """;

    private readonly ClickHouseHttp _clickHouse;
    private readonly ILogger _log;
    private readonly IReadOnlyList<Migration> _migrations;

    /// <summary>Migrates the database of <paramref name="clickHouse"/>'s address.</summary>
    public Migrator(ClickHouseHttp clickHouse, ILogger<Migrator> log) : this(clickHouse, log, Migration.BuiltIn)
    {
    }

    internal Migrator(ClickHouseHttp clickHouse, ILogger log, IReadOnlyList<Migration> migrations) =>
        (_clickHouse, _log, _migrations) = (clickHouse, log, migrations);

    /// <summary>Creates the database where it is missing and applies what has not been applied, in order.</summary>
    /// <returns>How many files were applied by this call.</returns>
    /// <exception cref="ClickHouseException">The server did not answer, or refused a statement.</exception>
    /// <exception cref="InvalidOperationException">A file was changed after it was applied, or the database was migrated by a newer
    /// build than this one.</exception>
    public async Task<int> ApplyAsync(CancellationToken cancel = default)
    {
        await CreateDatabaseAsync(cancel);
        await _clickHouse.QueryAsync(CreateRecord, cancel);
        var applied = await AppliedAsync(cancel);
        Check(applied);
        var count = 0;
        foreach (var migration in _migrations.Where(m => !applied.Contains((m.Version, m.Checksum))))
        {
            foreach (var statement in migration.Statements) await _clickHouse.QueryAsync(statement, cancel);
            await _clickHouse.QueryAsync(
                string.Create(CultureInfo.InvariantCulture, $"INSERT INTO schema_migrations (version, name, checksum) SELECT {migration.Version}, {SqlText.Quote(migration.Name)}, {SqlText.Quote(migration.Checksum)}"), cancel);
            _log.LogInformation("applied migration {Migration} to {ClickHouse}", migration.Name, _clickHouse.Address);
            count++;
        }
        return count;
    }

    private async Task CreateDatabaseAsync(CancellationToken cancel)
    {
        var database = _clickHouse.Address.Database;
        // An account that may not create databases can still use one that an administrator has made.
        var exists = await _clickHouse.QueryServerAsync($"SELECT count() FROM system.databases WHERE name = {SqlText.Quote(database)}", cancel);
        if (exists.Trim() == "0") await _clickHouse.QueryServerAsync($"CREATE DATABASE IF NOT EXISTS {SqlText.QuoteName(database)}", cancel);
    }

    private async Task<HashSet<(int Version, string Checksum)>> AppliedAsync(CancellationToken cancel)
    {
        var rows = await _clickHouse.QueryAsync("SELECT DISTINCT version, checksum FROM schema_migrations ORDER BY version", cancel);
        var applied = new HashSet<(int, string)>();
        foreach (var row in rows.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var cells = row.Split('\t');
            applied.Add((int.Parse(cells[0], CultureInfo.InvariantCulture), cells[1]));
        }
        return applied;
    }

    private void Check(HashSet<(int Version, string Checksum)> applied)
    {
        foreach (var (version, checksum) in applied)
        {
            var known = _migrations.FirstOrDefault(m => m.Version == version)
                ?? throw new InvalidOperationException(
                    $"{_clickHouse.Address}: migration {version} was applied by a newer build, and this one ends at {_migrations.Max(m => m.Version)}: run the newer build, or use another database");
            if (known.Checksum != checksum)
            {
                throw new InvalidOperationException(
                    $"{_clickHouse.Address}: migration {known.Name} was applied with checksum {checksum}, and its file now has {known.Checksum}: restore the file, and put the change into a migration with the next number");
            }
        }
    }
}
