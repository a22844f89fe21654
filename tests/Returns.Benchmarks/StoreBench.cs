using System.Buffers.Binary;
using System.Diagnostics;
using Returns.Contracts;
using Returns.Streams.State;

namespace Returns.Benchmarks;

/// <summary>
/// What a store's operations cost as it grows, beside a plain Dictionary, which pays for the same cache misses; and what an
/// open item of a 20-byte key and a 100-byte value takes.
/// </summary>
internal sealed class StoreBench : IBenchmark
{
    private const int KeyBytes = 20;
    private const int ValueBytes = 100;
    private const int Operations = 1_000_000;
    private const int KeysPerCommit = 10_000;

    private readonly byte[] _key = new byte[KeyBytes];
    private readonly byte[] _value = new byte[ValueBytes];
    private byte[] _due = new byte[KeyBytes];

    public string Name => "store";

    public string Usage => "a store's operations from 10,000 items on beside a Dictionary, bytes per item and the longest pause of its growth";

    public bool IsBudget => false;

    public Task RunAsync(BenchmarkRun run)
    {
        Measure(run, 100_000, print: false);
        for (var items = 10_000; items <= run.Sized(10_000_000); items *= 10)
        {
            Measure(run, items, print: true);
        }
        return Task.CompletedTask;
    }

    private void Measure(BenchmarkRun run, int items, bool print)
    {
        var store = new KeyValueStore("open");
        long longest = 0, last = Stopwatch.GetTimestamp();
        var inserting = Time(items, i =>
        {
            Key(i);
            // No two deadlines are alike, and they come in no order.
            store.Put(_key, _value, Scatter(i));
            CommitSometimes(store, i);
            var now = Stopwatch.GetTimestamp();
            (longest, last) = (Math.Max(longest, now - last), now);
        });
        store.Committed();
        var perItem = store.Bytes / (double)items;
        long bytes = 0;
        var getting = Time(Operations, i =>
        {
            Key(Scatter(i) % items);
            if (store.TryGet(_key, out var value)) bytes += value.Length;
        });
        var dictionary = new Dictionary<Utf8, byte[]>(Utf8Comparer.Instance);
        var theirInserting = Time(items, i =>
        {
            Key(i);
            dictionary.Add(Utf8.From(_key), _value.ToArray());
        });
        var theirs = dictionary.GetAlternateLookup<ReadOnlySpan<byte>>();
        var theirGetting = Time(Operations, i =>
        {
            Key(Scatter(i) % items);
            bytes += theirs[_key].Length;
        });
        dictionary.Clear();
        var updating = Time(Operations, i =>
        {
            Key(Scatter(i) % items);
            store.Put(_key, _value, store.WakeOf(_key));
            CommitSometimes(store, i);
        });
        var waking = Time(Math.Min(items, Operations), i =>
        {
            if (store.TryTakeDue(KeyValueStore.Never - 1, ref _due, out _, out _)) CommitSometimes(store, i);
        });
        if (bytes != 2L * Operations * ValueBytes) throw new InvalidOperationException($"{bytes} bytes were read of {2L * Operations * ValueBytes}");
        if (!print) return;
        run.Note($"{items:N0} items, ns of processor with commits (a Dictionary's in brackets): insert {inserting:0} ({theirInserting:0}), get {getting:0} ({theirGetting:0}), update {updating:0}, wake {waking:0}; {perItem:0.0} bytes an item; longest insert {Stopwatch.GetElapsedTime(0, longest).TotalMilliseconds:0.0} ms");
    }

    private static void CommitSometimes(KeyValueStore store, int operation)
    {
        if (operation % KeysPerCommit != 0) return;
        foreach (var change in store.Changes) _ = change.Value.Length;
        store.Committed();
    }

    private static double Time(int times, Action<int> action)
    {
        // Processor time: what else runs on the machine does not count.
        var started = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < times; i++) action(i);
        return (Environment.CpuUsage.TotalTime - started).TotalNanoseconds / times;
    }

    private static long Scatter(long number) => (number * 2_654_435_761L + 12_345) & 0x3fff_ffff;

    private void Key(long number) => BinaryPrimitives.WriteInt64BigEndian(_key.AsSpan(KeyBytes - 8), number);
}
