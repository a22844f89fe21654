using System.Buffers.Binary;
using Returns.Streams.State;

namespace Returns.Streams.Tests.State;

/// <summary>What a store is, said as plainly as can be: two dictionaries, and keys in the order they were first changed.</summary>
internal sealed class StoreModel
{
    private readonly SortedDictionary<string, (byte[] Value, long Wake)> _now = new(StringComparer.Ordinal);
    private readonly List<string> _changed = [];
    private Dictionary<string, (byte[] Value, long Wake)> _committed = [];

    public int Count => _now.Count;

    public long NextWake => _now.Values.Select(v => v.Wake).DefaultIfEmpty(KeyValueStore.Never).Min();

    public long WakeOf(byte[] key) => _now.TryGetValue(Convert.ToHexString(key), out var v) ? v.Wake : KeyValueStore.Never;

    public void Put(byte[] key, byte[] value, long wake) => Set(Convert.ToHexString(key), value, wake);

    public bool Delete(byte[] key)
    {
        var name = Convert.ToHexString(key);
        if (!_now.ContainsKey(name))
        {
            return false;
        }
        Touch(name);
        return _now.Remove(name);
    }

    public (string Key, long Due)? TakeDue(long streamTime)
    {
        var due = _now.Where(p => p.Value.Wake <= streamTime && p.Value.Wake != KeyValueStore.Never)
            .Select(p => (p.Key, p.Value.Wake)).OrderBy(p => p.Wake).ThenBy(p => p.Key, StringComparer.Ordinal).ToList();
        if (due.Count == 0)
        {
            return null;
        }
        Set(due[0].Key, _now[due[0].Key].Value, KeyValueStore.Never);
        return due[0];
    }

    public List<(string Key, long Due)> TakeAll()
    {
        var all = new List<(string Key, long Due)>();
        while (TakeDue(long.MaxValue) is { } due)
        {
            all.Add(due);
        }
        return all;
    }

    public List<(string Key, string? Record)> Commit()
    {
        var records = _changed.Where(k => _now.ContainsKey(k) || _committed.ContainsKey(k))
            .Select(k => (k, _now.TryGetValue(k, out var v) ? RecordOf(v.Value, v.Wake) : null)).ToList();
        _committed = new(_now);
        _changed.Clear();
        return records;
    }

    public void RollBack()
    {
        _now.Clear();
        foreach (var (key, value) in _committed)
        {
            _now.Add(key, value);
        }
        _changed.Clear();
    }

    public IReadOnlyDictionary<string, string> All() =>
        new SortedDictionary<string, string>(_now.ToDictionary(p => p.Key, p => Convert.ToHexString(p.Value.Value)), StringComparer.Ordinal);

    private static string RecordOf(byte[] value, long wake)
    {
        var record = new byte[8 + value.Length];
        BinaryPrimitives.WriteInt64LittleEndian(record, wake);
        value.CopyTo(record, 8);
        return Convert.ToHexString(record);
    }

    private void Set(string key, byte[] value, long wake)
    {
        Touch(key);
        _now[key] = (value, wake);
    }

    private void Touch(string key)
    {
        if (!_changed.Contains(key))
        {
            _changed.Add(key);
        }
    }
}
