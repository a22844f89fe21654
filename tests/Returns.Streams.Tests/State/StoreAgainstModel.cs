using System.Text;
using CsCheck;
using Returns.Streams.State;

namespace Returns.Streams.Tests.State;

/// <summary>A store and a plain dictionary are told the same, with any mix of commits, aborts and restores, and must agree.</summary>
public sealed class StoreAgainstModel
{
    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Frequency((40, Gen.Const(StepKind.Put)), (12, Gen.Const(StepKind.Delete)), (12, Gen.Const(StepKind.TakeDue)),
            (4, Gen.Const(StepKind.Commit)), (4, Gen.Const(StepKind.RollBack)), (2, Gen.Const(StepKind.Restore)), (1, Gen.Const(StepKind.PutOwnBytes))),
        Gen.Int[0, 11],
        Gen.Frequency((10, Gen.Int[0, 40]), (2, Gen.Int[0, 2_000]), (1, Gen.Int[8_000, 200_000])),
        Gen.Frequency((1, Gen.Const(KeyValueStore.Never)), (3, Gen.Long[-3, 3])),
        (kind, key, size, wake) => new Step(kind, key, size, wake));

    private enum StepKind
    {
        Put,
        Delete,
        TakeDue,
        Commit,
        RollBack,
        Restore,
        PutOwnBytes,
    }

    [Fact]
    public void Whatever_happens_it_holds_what_the_model_holds() => Steps.Array[0, 120].Sample(Run, iter: 1_000, print: steps => string.Join("; ", steps));

    private static void Run(Step[] steps)
    {
        var store = new KeyValueStore("s");
        var model = new StoreModel();
        var changelog = new List<(byte[] Key, byte[]? Record)>();
        byte[] taken = [];
        for (var i = 0; i < steps.Length; i++)
        {
            var (kind, keyNumber, size, wake) = steps[i];
            var key = KeyOf(keyNumber);
            switch (kind)
            {
                case StepKind.Put:
                    var value = new byte[size];
                    new Random(i).NextBytes(value);
                    store.Put(key, value, wake);
                    model.Put(key, value, wake);
                    break;
                case StepKind.PutOwnBytes:
                    // A part of what the store itself handed out, one byte further on.
                    if (store.TryGet(key, out var own) && own.Length > 0)
                    {
                        model.Put(key, own[1..].ToArray(), wake);
                        store.Put(key, own[1..], wake);
                    }
                    break;
                case StepKind.Delete:
                    Assert.Equal(model.Delete(key), store.Delete(key));
                    break;
                case StepKind.TakeDue:
                    var expected = model.TakeDue(size % 4 - 2);
                    Assert.Equal(expected is not null, store.TryTakeDue(size % 4 - 2, ref taken, out var length, out var due));
                    Assert.Equal(expected, expected is null ? null : (Convert.ToHexString(taken, 0, length), due));
                    break;
                case StepKind.Commit:
                    Commit(store, model, changelog);
                    break;
                case StepKind.RollBack:
                    store.RollBack();
                    model.RollBack();
                    break;
                case StepKind.Restore:
                    // A crash: what was not committed is gone, and the changelog says the rest.
                    model.RollBack();
                    store = Restored(changelog);
                    break;
            }
            Assert.Equal(model.Count, store.Count);
            Assert.Equal(model.NextWake, store.NextWake);
            Assert.Equal(model.WakeOf(key), store.WakeOf(key));
        }
        AssertSame(model, store);
        Commit(store, model, changelog);
        AssertSame(model, Restored(changelog));
        Assert.Equal(model.TakeAll(), TakeAll(store));
        store.RollBack();
        model.RollBack();
        Assert.Equal(model.TakeAll(), TakeAll(store));
    }

    // Keys that are prefixes of each other, and the empty one.
    private static byte[] KeyOf(int number) => Encoding.UTF8.GetBytes(new string('k', number / 3) + (number % 3 == 0 ? "" : number.ToString("00000")));

    private static void Commit(KeyValueStore store, StoreModel model, List<(byte[] Key, byte[]? Record)> changelog)
    {
        var changes = new List<(string, string?)>();
        foreach (var change in store.Changes)
        {
            changelog.Add((change.Key.ToArray(), change.HasValue ? change.Value.ToArray() : null));
            changes.Add((Convert.ToHexString(change.Key), change.HasValue ? Convert.ToHexString(change.Value) : null));
        }
        Assert.Equal(model.Commit(), changes);
        store.Committed();
        Assert.False(store.Changes.GetEnumerator().MoveNext());
    }

    private static KeyValueStore Restored(List<(byte[] Key, byte[]? Record)> changelog)
    {
        var store = new KeyValueStore("s");
        foreach (var (key, record) in changelog)
        {
            store.Restore(key, record, record is not null);
        }
        return store;
    }

    private static void AssertSame(StoreModel model, KeyValueStore store)
    {
        var seen = new SortedDictionary<string, string>(StringComparer.Ordinal);
        store.ForEach((key, value) => seen.Add(Convert.ToHexString(key), Convert.ToHexString(value)));
        Assert.Equal(model.All(), seen);
    }

    private static List<(string Key, long Due)> TakeAll(KeyValueStore store)
    {
        var all = new List<(string Key, long Due)>();
        byte[] key = [];
        while (store.TryTakeDue(long.MaxValue, ref key, out var length, out var due))
        {
            all.Add((Convert.ToHexString(key, 0, length), due));
        }
        return all;
    }

    private sealed record Step(StepKind Kind, int Key, int Size, long Wake);
}
