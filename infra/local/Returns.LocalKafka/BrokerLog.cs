namespace Returns.LocalKafka;

/// <summary>The broker's few lines for people: what went wrong, where, and what it did about it. Thread safe.</summary>
/// <remarks>A fault that repeats per request would flood; lines of one topic of complaint are held to one a second.</remarks>
internal sealed class BrokerLog(TextWriter writer, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long At, int Held)> _last = new(StringComparer.Ordinal);

    public void Write(string line)
    {
        lock (_lock) WriteLine(line);
    }

    /// <summary>Writes a line unless one about the same subject came within the last second.</summary>
    public void WriteLimited(string subject, string line)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var known = _last.TryGetValue(subject, out var last);
            if (known && time.GetElapsedTime(last.At, now) < TimeSpan.FromSeconds(1))
            {
                _last[subject] = (last.At, last.Held + 1);
                return;
            }

            if (_last.Count > 1000) _last.Clear();
            _last[subject] = (now, 0);
            WriteLine(known && last.Held > 0 ? $"{line} ({last.Held} more like it)" : line);
        }
    }

    private void WriteLine(string line)
    {
        try
        {
            writer.WriteLine($"{time.GetUtcNow():HH:mm:ss.fff} local-kafka: {line}");
            writer.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Whoever read our standard error is gone; the broker goes on.
        }
    }
}
