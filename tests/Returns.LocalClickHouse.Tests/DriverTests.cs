using System.Globalization;
using ClickHouse.Driver;
using ClickHouse.Driver.ADO;
using ClickHouse.Driver.Utility;
using Xunit;

namespace Returns.LocalClickHouse.Tests;

/// <summary>ClickHouse.Driver, unchanged and with its defaults.</summary>
public sealed class DriverTests(ServerFixture fixture)
{
    [Fact]
    public async Task The_driver_reads_types_and_parameters()
    {
        await using ClickHouseConnection connection = new(fixture.Server.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT {n:UInt64} + 1, {s:String}, toDecimal64(12.34, 2), toDate('2026-11-24'), [1, 2]::Array(UInt8), NULL::Nullable(String)";
        command.AddParameter("n", 41UL);
        command.AddParameter("s", "it's \\ \"tab\t\nline");
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        Assert.True(await reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(42UL, reader.GetValue(0));
        Assert.Equal("it's \\ \"tab\t\nline", reader.GetString(1));
        Assert.Equal("12.34", Convert.ToString(reader.GetValue(2), CultureInfo.InvariantCulture));
        Assert.Equal(new DateTime(2026, 11, 24), reader.GetDateTime(3));
        Assert.Equal(new byte[] { 1, 2 }, reader.GetValue(4));
        Assert.True(await reader.IsDBNullAsync(5, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_bulk_insert_with_the_default_compression_lands_every_row()
    {
        await fixture.Ok("CREATE TABLE driver_bulk (id UInt64, name String) ENGINE = MergeTree ORDER BY id");
        using ClickHouseClient client = new(fixture.Server.ConnectionString);
        var rows = Enumerable.Range(0, 150_000).Select(i => new object[] { (ulong)i, "name " + i.ToString(CultureInfo.InvariantCulture) });
        await client.InsertBinaryAsync("driver_bulk", ["id", "name"], rows, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("150000\t11249925000\t150000\n", await fixture.Ok("SELECT count(), sum(id), uniqExact(name) FROM driver_bulk"));
    }

    [Fact]
    public async Task An_error_reaches_the_driver_with_its_code()
    {
        await using ClickHouseConnection connection = new(fixture.Server.ConnectionString);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT * FROM no_such_table";
        var error = await Assert.ThrowsAsync<ClickHouseServerException>(() => command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        Assert.Equal(60, error.ErrorCode);
    }

    [Fact]
    public async Task A_setting_of_the_connection_holds_for_its_statements_only()
    {
        await using ClickHouseConnection connection = new(fixture.Server.ConnectionString + ";set_max_block_size=1234");
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT getSetting('max_block_size')";
        Assert.Equal("1234", Convert.ToString(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture));
        Assert.NotEqual("1234\n", await fixture.Ok("SELECT getSetting('max_block_size')"));
    }
}
