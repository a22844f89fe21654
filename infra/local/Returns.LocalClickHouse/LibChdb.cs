using System.Reflection;
using System.Runtime.InteropServices;

namespace Returns.LocalClickHouse;

/// <summary>The C functions of libchdb that the server calls, and where the library is found.</summary>
internal static unsafe partial class LibChdb
{
    private const string Library = "chdb";

    /// <summary>The places looked in, in order: RETURNS_LIBCHDB, the npm package the build installed, beside the executable.</summary>
    public static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("RETURNS_LIBCHDB") is { Length: > 0 } set)
        {
            yield return set;
            yield break;
        }

        var platform = (OperatingSystem.IsMacOS() ? "darwin-" : "linux-")
            + (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64")
            + (OperatingSystem.IsMacOS() ? "" : "-gnu");
        foreach (var metadata in typeof(LibChdb).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>())
        {
            if (metadata is { Key: "LibChdbModules", Value: { } modules })
            {
                yield return Path.Combine(modules, "lib-" + platform, "libchdb.so");
            }
        }

        yield return Path.Combine(AppContext.BaseDirectory, "libchdb.so");
    }

    /// <summary>Loads the library, or says which files were tried and how to get one.</summary>
    public static void Load()
    {
        List<string> tried = [];
        foreach (var path in Candidates())
        {
            if (!File.Exists(path))
            {
                tried.Add($"{path}: no such file");
            }
            else
            {
                try
                {
                    var handle = NativeLibrary.Load(path);
                    NativeLibrary.SetDllImportResolver(typeof(LibChdb).Assembly, (name, _, _) => name == Library ? handle : 0);
                    return;
                }
                catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
                {
                    tried.Add($"{path}: {e.Message}");
                }
            }
        }

        throw new StartException(
            "libchdb (the ClickHouse engine) cannot be loaded:\n  " + string.Join("\n  ", tried)
            + "\nBuild Returns.LocalClickHouse with npm present (it installs the library), or set RETURNS_LIBCHDB to the path of a libchdb.so.");
    }

    [LibraryImport(Library, EntryPoint = "chdb_set_signal_handlers_enabled")]
    public static partial void SetSignalHandlersEnabled(int enabled);

    [LibraryImport(Library, EntryPoint = "chdb_connect")]
    public static partial nint* Connect(int argc, byte** argv);

    [LibraryImport(Library, EntryPoint = "chdb_close_conn")]
    public static partial void Close(nint* connection);

    [LibraryImport(Library, EntryPoint = "chdb_query_with_params_n")]
    public static partial nint Query(
        nint connection, byte* sql, nuint sqlLength, byte* format, nuint formatLength,
        byte** names, nuint* nameLengths, byte** values, nuint* valueLengths, nuint count);

    [LibraryImport(Library, EntryPoint = "chdb_stream_insert_with_params_n")]
    public static partial nint InsertBegin(
        nint connection, byte* sql, nuint sqlLength, byte* format, nuint formatLength,
        byte** names, nuint* nameLengths, byte** values, nuint* valueLengths, nuint count);

    [LibraryImport(Library, EntryPoint = "chdb_stream_insert_error")]
    public static partial byte* InsertError(nint stream);

    [LibraryImport(Library, EntryPoint = "chdb_stream_append")]
    public static partial int InsertAppend(nint stream, byte* data, nuint length);

    [LibraryImport(Library, EntryPoint = "chdb_stream_done")]
    public static partial nint InsertDone(nint stream);

    [LibraryImport(Library, EntryPoint = "chdb_stream_cancel_insert")]
    public static partial void InsertCancel(nint stream);

    [LibraryImport(Library, EntryPoint = "chdb_destroy_insert_stream")]
    public static partial void InsertDestroy(nint stream);

    [LibraryImport(Library, EntryPoint = "chdb_result_buffer")]
    public static partial byte* ResultBuffer(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_length")]
    public static partial nuint ResultLength(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_error")]
    public static partial byte* ResultError(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_storage_rows_read")]
    public static partial ulong ResultRowsRead(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_storage_bytes_read")]
    public static partial ulong ResultBytesRead(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_rows_read")]
    public static partial ulong ResultRows(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_rows_written")]
    public static partial ulong ResultRowsWritten(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_bytes_written")]
    public static partial ulong ResultBytesWritten(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_result_elapsed")]
    public static partial double ResultElapsed(nint result);

    [LibraryImport(Library, EntryPoint = "chdb_destroy_query_result")]
    public static partial void ResultDestroy(nint result);
}

/// <summary>The server cannot start; the message names the thing, the value and the way out.</summary>
internal sealed class StartException(string message) : Exception(message);
