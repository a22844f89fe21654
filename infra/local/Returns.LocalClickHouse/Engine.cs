using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Returns.LocalClickHouse;

/// <summary>What a finished statement reports; <see cref="Error"/> is null when it succeeded.</summary>
internal sealed record Outcome(
    string? Error, byte[] Body, ulong ReadRows, ulong ReadBytes, ulong WrittenRows, ulong WrittenBytes, ulong ResultRows, double Seconds)
{
    public static readonly Outcome Nothing = new(null, [], 0, 0, 0, 0, 0, 0);

    /// <summary>The number in "Code: N. DB::Exception", 0 when there is none.</summary>
    public int ErrorCode => EngineError.CodeOf(Error);
}

/// <summary>An open data folder. Only one per process: the library keeps its engine in the process.</summary>
/// <remarks>Thread safe. The first connection stays open for the life of the engine: closing the last one shuts it down.</remarks>
internal sealed class Engine : IDisposable
{
    private readonly byte[][] arguments;
    private readonly Connection root;
    private readonly Lock rootLock = new();

    public Engine(string folder)
    {
        LibChdb.SetSignalHandlersEnabled(0);
        arguments = [Encoding.UTF8.GetBytes("clickhouse\0"), Encoding.UTF8.GetBytes($"--path={folder}\0")];
        root = Open();
        var facts = Encoding.UTF8.GetString(root.Query("SELECT version(), timezone()", "TabSeparated", []).Body).TrimEnd('\n').Split('\t');
        (Version, TimeZone) = (facts[0], facts[1]);
    }

    /// <summary>The version of the ClickHouse engine.</summary>
    public string Version { get; }

    /// <summary>The engine's time zone name.</summary>
    public string TimeZone { get; }

    /// <summary>A new session: its settings, current database and temporary tables are its own. Costs about 0.2 ms.</summary>
    public unsafe Connection Open()
    {
        fixed (byte* name = arguments[0])
        fixed (byte* path = arguments[1])
        {
            byte** argv = stackalloc byte*[] { name, path };
            var connection = LibChdb.Connect(arguments.Length, argv);
            return connection == null
                ? throw new StartException("the ClickHouse engine did not open its data folder; its own message is on standard error")
                : new Connection(connection);
        }
    }

    /// <summary>Asks the engine to stop the statement whose <c>log_comment</c> is <paramref name="comment"/>; returns at once.</summary>
    public void Kill(string comment)
    {
        lock (rootLock)
        {
            root.Query($"KILL QUERY WHERE Settings['log_comment'] = {Connection.Quote(comment)} ASYNC", "TabSeparated", []);
        }
    }

    public void Dispose()
    {
        lock (rootLock)
        {
            root.Dispose();
        }
    }
}

/// <summary>One session of the engine. Does one thing at a time; the caller takes turns.</summary>
internal sealed unsafe class Connection(nint* connection) : IDisposable
{
    private nint* handle = connection;

    /// <summary>Quotes a value as a ClickHouse string literal.</summary>
    public static string Quote(string value) =>
        "'" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";

    /// <summary>Quotes a name as a ClickHouse identifier.</summary>
    public static string QuoteName(string value) =>
        "`" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal) + "`";

    /// <summary>Runs a statement to its end, on the calling thread.</summary>
    public Outcome Query(string sql, string format, IReadOnlyList<KeyValuePair<string, string>> parameters) =>
        Query(Encoding.UTF8.GetBytes(sql), format, parameters);

    /// <inheritdoc cref="Query(string, string, IReadOnlyList{KeyValuePair{string, string}})"/>
    public Outcome Query(ReadOnlySpan<byte> sql, string format, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        using NativeParameters native = new(parameters);
        fixed (byte* text = sql, formatName = Encoding.UTF8.GetBytes(format))
        {
            return Take(LibChdb.Query(
                *handle, text, (nuint)sql.Length, formatName, (nuint)Encoding.UTF8.GetByteCount(format),
                native.Names, native.NameLengths, native.Values, native.ValueLengths, (nuint)parameters.Count));
        }
    }

    /// <summary>Begins an insert; <paramref name="sql"/> ends before FORMAT or VALUES. The stream must be disposed before another statement.</summary>
    public InsertStream Insert(ReadOnlySpan<byte> sql, string format, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        using NativeParameters native = new(parameters);
        fixed (byte* text = sql, formatName = Encoding.UTF8.GetBytes(format))
        {
            return new InsertStream(LibChdb.InsertBegin(
                *handle, text, (nuint)sql.Length, formatName, (nuint)Encoding.UTF8.GetByteCount(format),
                native.Names, native.NameLengths, native.Values, native.ValueLengths, (nuint)parameters.Count));
        }
    }

    public void Dispose()
    {
        if (handle != null)
        {
            LibChdb.Close(handle);
            handle = null;
        }
    }

    internal static Outcome Take(nint result)
    {
        if (result == 0)
        {
            return Outcome.Nothing with { Error = "Code: 1002. DB::Exception: the engine returned no result. (UNKNOWN_EXCEPTION)" };
        }

        var length = (int)LibChdb.ResultLength(result);
        Outcome outcome = new(
            Marshal.PtrToStringUTF8((nint)LibChdb.ResultError(result)),
            length == 0 ? [] : new ReadOnlySpan<byte>(LibChdb.ResultBuffer(result), length).ToArray(),
            LibChdb.ResultRowsRead(result), LibChdb.ResultBytesRead(result),
            LibChdb.ResultRowsWritten(result), LibChdb.ResultBytesWritten(result),
            LibChdb.ResultRows(result), LibChdb.ResultElapsed(result));
        LibChdb.ResultDestroy(result);
        return outcome;
    }
}

/// <summary>An insert under way. Dispose without <see cref="Done"/> cancels it.</summary>
internal sealed unsafe class InsertStream(nint stream) : IDisposable
{
    /// <summary>What went wrong so far, or null.</summary>
    public string? Error => Marshal.PtrToStringUTF8((nint)LibChdb.InsertError(stream));

    /// <summary>Hands over the next bytes (copied); blocks while the engine is behind. False when the insert has failed.</summary>
    public bool Append(ReadOnlySpan<byte> data)
    {
        fixed (byte* bytes = data)
        {
            return LibChdb.InsertAppend(stream, bytes, (nuint)data.Length) == 0;
        }
    }

    /// <summary>Ends the input and waits until the rows are in the table.</summary>
    public Outcome Done() => Connection.Take(LibChdb.InsertDone(stream));

    /// <summary>Gives up; blocks already written stay, as on a server.</summary>
    public void Cancel() => LibChdb.InsertCancel(stream);

    public void Dispose() => LibChdb.InsertDestroy(stream);
}

/// <summary>Query parameters in native memory for the length of one call.</summary>
internal sealed unsafe class NativeParameters : IDisposable
{
    public NativeParameters(IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        var count = (nuint)parameters.Count;
        if (count == 0)
        {
            return;
        }

        Names = (byte**)NativeMemory.AllocZeroed(count * 4, (nuint)sizeof(nint));
        NameLengths = (nuint*)Names + count;
        Values = Names + 2 * count;
        ValueLengths = (nuint*)Names + 3 * count;
        for (var i = 0; i < parameters.Count; i++)
        {
            Names[i] = (byte*)Marshal.StringToCoTaskMemUTF8(parameters[i].Key);
            NameLengths[i] = (nuint)Encoding.UTF8.GetByteCount(parameters[i].Key);
            Values[i] = (byte*)Marshal.StringToCoTaskMemUTF8(parameters[i].Value);
            ValueLengths[i] = (nuint)Encoding.UTF8.GetByteCount(parameters[i].Value);
        }

        Count = parameters.Count;
    }

    public byte** Names { get; }
    public nuint* NameLengths { get; }
    public byte** Values { get; }
    public nuint* ValueLengths { get; }
    private int Count { get; }

    public void Dispose()
    {
        for (var i = 0; i < Count; i++)
        {
            Marshal.FreeCoTaskMem((nint)Names[i]);
            Marshal.FreeCoTaskMem((nint)Values[i]);
        }

        NativeMemory.Free(Names);
    }
}

/// <summary>ClickHouse's error texts and the HTTP status its server gives them.</summary>
internal static class EngineError
{
    public static int CodeOf(string? error)
    {
        const string Prefix = "Code: ";
        if (error is null || !error.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return error is null ? 0 : 1002;
        }

        var end = error.IndexOf('.', Prefix.Length);
        return end > 0 && int.TryParse(error.AsSpan(Prefix.Length, end - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? code
            : 1002;
    }

    /// <summary>The status of ClickHouse's <c>exceptionCodeToHTTPStatus</c> for the codes that are not 500.</summary>
    public static int StatusOf(int code) => code switch
    {
        194 or 516 => 403,
        6 or 15 or 25 or 26 or 27 or 38 or 41 or 44 or 53 or 62 or 69 or 72 or 117 or 167 or 168 or 376 or 457 or 467 => 400,
        46 or 47 or 50 or 56 or 60 or 63 or 73 or 81 or 115 or 336 or 372 => 404,
        48 => 501,
        159 => 408,
        229 => 413,
        _ => 500,
    };
}
