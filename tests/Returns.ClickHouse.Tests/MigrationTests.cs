using Microsoft.Extensions.Logging.Abstractions;
using Returns.ClickHouse.Migrations;

namespace Returns.ClickHouse.Tests;

public sealed class MigrationTests(Databases databases)
{
    [Fact]
    public async Task An_empty_server_gets_every_table_and_view_and_a_second_run_changes_nothing()
    {
        using var http = databases.NewClient();
        var migrator = new Migrator(http, NullLogger<Migrator>.Instance);

        Assert.Equal(Migration.BuiltIn.Count, await migrator.ApplyAsync());
        Assert.Equal(0, await migrator.ApplyAsync());

        var tables = await http.QueryAsync("SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name");
        Assert.Equal(
            ["baselines", "chargebacks", "dead_letters", "dispositions", "exceptions", "grades", "items", "monthly_recovery_rate", "monthly_write_off_rate", "recovery", "recovery_amounts",
                "recovery_current", "recovery_rate_by_grade", "recovery_windows", "schema_migrations", "settled_units", "settlements", "vendor_alerts",
                "vendor_chargeback_recovery", "vendor_charges", "vendor_defect_rates", "vendor_windows", "write_off_rate_by_category"],
            tables.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        foreach (var view in (string[])["items", "write_off_rate_by_category", "recovery_rate_by_grade", "vendor_defect_rates", "vendor_charges",
            "recovery", "recovery_amounts", "monthly_write_off_rate", "monthly_recovery_rate", "vendor_chargeback_recovery", "settled_units"])
        {
            Assert.Equal("0", (await http.QueryAsync($"SELECT count() FROM {view}")).Trim());
        }
    }

    [Fact]
    public async Task Workers_that_start_at_once_all_succeed_and_record_each_file_once()
    {
        using var http = databases.NewClient();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => new Migrator(http, NullLogger<Migrator>.Instance).ApplyAsync()));

        Assert.Equal($"{Migration.BuiltIn.Count}", (await http.QueryAsync("SELECT count() FROM schema_migrations FINAL")).Trim());
    }

    [Fact]
    public async Task Every_statement_can_be_run_twice()
    {
        using var http = databases.NewClient();
        await new Migrator(http, NullLogger<Migrator>.Instance).ApplyAsync();
        foreach (var statement in Migration.BuiltIn.SelectMany(m => m.Statements)) await http.QueryAsync(statement);
    }

    [Fact]
    public async Task A_file_changed_after_it_was_applied_is_named_with_the_way_out()
    {
        using var http = databases.NewClient();
        Migration[] before = [new(1, "0001_a.sql", "CREATE TABLE IF NOT EXISTS a (x Int32) ENGINE = Memory;\n")];
        await new Migrator(http, NullLogger.Instance, before).ApplyAsync();

        Migration[] changed = [new(1, "0001_a.sql", "CREATE TABLE IF NOT EXISTS a (x Int64) ENGINE = Memory;\n")];
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => new Migrator(http, NullLogger.Instance, changed).ApplyAsync());

        Assert.Contains("0001_a.sql", error.Message, StringComparison.Ordinal);
        Assert.Contains("next number", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_a_newer_build_is_refused()
    {
        using var http = databases.NewClient();
        Migration first = new(1, "0001_a.sql", "CREATE TABLE IF NOT EXISTS a (x Int32) ENGINE = Memory;");
        Migration second = new(2, "0002_b.sql", "CREATE TABLE IF NOT EXISTS b (x Int32) ENGINE = Memory;");
        await new Migrator(http, NullLogger.Instance, [first, second]).ApplyAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => new Migrator(http, NullLogger.Instance, [first]).ApplyAsync());

        Assert.Contains("migration 2 was applied by a newer build", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_ends_do_not_change_a_checksum_and_comments_are_no_statements()
    {
        Migration unix = new(1, "0001_a.sql", "-- first;\nSELECT 1;\n\n-- last\n");
        Migration windows = new(1, "0001_a.sql", "-- first;\r\nSELECT 1;\r\n\r\n-- last\r\n");

        Assert.Equal(unix.Checksum, windows.Checksum);
        Assert.Equal("SELECT 1", Assert.Single(windows.Statements));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        using ClickHouseHttp http = new(ClickHouseAddress.Parse("http://user:secret@127.0.0.1:1/"), TimeSpan.FromSeconds(5));
        var error = await Assert.ThrowsAsync<ClickHouseException>(() => new Migrator(http, NullLogger<Migrator>.Instance).ApplyAsync());

        Assert.True(error.IsAway);
        Assert.Contains("http://127.0.0.1:1", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://u:p%40ss@host:8123/?database=db", "http://host:8123/", "db", "u", "p@ss")]
    [InlineData("http://host:8123", "http://host:8123/", "returns", null, null)]
    [InlineData("https://host/?user=u&password=secret", "https://host/", "returns", "u", "secret")]
    [InlineData("Host=h;Port=9;Username=u;Password=secret;Database=d", "http://h:9/", "d", "u", "secret")]
    public void Addresses_are_urls_or_connection_strings(string text, string endpoint, string database, string? user, string? password)
    {
        var address = ClickHouseAddress.Parse(text);

        Assert.Equal((endpoint, database, user, password), (address.Endpoint.ToString(), address.Database, address.User, address.Password));
        Assert.DoesNotContain(password ?? "@", address.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("ftp://host")]
    [InlineData("http://host/?databse=x")]
    [InlineData("Host=h;Port=0")]
    [InlineData("Host=h;Hots=x")]
    public void An_address_that_is_neither_is_refused(string text) => Assert.Throws<FormatException>(() => ClickHouseAddress.Parse(text));
}
