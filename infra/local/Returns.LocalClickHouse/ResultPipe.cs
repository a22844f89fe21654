using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Returns.LocalClickHouse;

/// <summary>
/// Carries a result from the engine to the response in bounded memory: the engine writes it, formatted as one whole, into
/// one end (INTO OUTFILE), the response reads the other, and a slow client slows the engine down.
/// </summary>
/// <remarks>libchdb's own streaming read formats every block as a document of its own, which only suits formats without a frame.</remarks>
internal sealed unsafe partial class ResultPipe : IDisposable
{
    private int read;
    private int write;

    public ResultPipe()
    {
        var ends = stackalloc int[2];
        if (Pipe(ends) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "cannot open a pipe for a result; raise the open files limit (ulimit -n)");
        }

        (read, write) = (ends[0], ends[1]);
    }

    /// <summary>The clause that makes the engine write into this pipe.</summary>
    public string Clause => $"\nINTO OUTFILE '/dev/fd/{write}' APPEND ";

    /// <summary>Says that no more is coming; the reader then sees the end.</summary>
    public void CloseWriter()
    {
        var end = Interlocked.Exchange(ref write, -1);
        if (end >= 0)
        {
            _ = Close(end);
        }
    }

    /// <summary>Fills <paramref name="buffer"/>; fewer bytes than its length only at the end of the result.</summary>
    public int Fill(Span<byte> buffer)
    {
        var filled = 0;
        fixed (byte* start = buffer)
        {
            while (filled < buffer.Length)
            {
                var n = Read(read, start + filled, (nuint)(buffer.Length - filled));
                if (n > 0)
                {
                    filled += (int)n;
                }
                else if (n == 0)
                {
                    break;
                }
                else if (Marshal.GetLastPInvokeError() != 4)
                {
                    throw new Win32Exception(Marshal.GetLastPInvokeError(), "reading a result from the engine failed");
                }
            }
        }

        return filled;
    }

    public void Dispose()
    {
        CloseWriter();
        var end = Interlocked.Exchange(ref read, -1);
        if (end >= 0)
        {
            _ = Close(end);
        }
    }

    [LibraryImport("libc", EntryPoint = "pipe", SetLastError = true)]
    private static partial int Pipe(int* ends);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int fd);
}
