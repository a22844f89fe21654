using System.Globalization;
using System.Text;
using Returns.Streams;
using Returns.Streams.Kafka;
using Returns.Streams.State;
using Returns.Streams.Testing;

namespace Returns.Chaos.Oracle;

/// <summary>
/// An undisturbed run of a topology over what really is in its source topics: one commit for each record, no fault, one
/// thread, and no broker. It goes on from round to round.
/// </summary>
internal sealed class ExpectedTopics(Topology topology, int partitions)
{
    private readonly TopologyTestDriver _driver = new(topology, partitions);
    private readonly Dictionary<(string Topic, int Partition), long> _next = [];
    private readonly Dictionary<string, Dictionary<string, List<byte[]?>>> _sent = topology.Sinks.ToDictionary(s => s.Topic, _ => new Dictionary<string, List<byte[]?>>());
    private readonly Dictionary<string, List<string>> _deadLetters = [];

    /// <summary>Values that are expected of a topic, by key, in their order.</summary>
    public IReadOnlyDictionary<string, List<byte[]?>> Of(string topic) => _sent[topic];

    /// <summary>Takes in what is new in a topic.</summary>
    public void Take(IReadOnlyList<CommittedRecord> records)
    {
        foreach (var record in records)
        {
            var at = (record.Topic, record.Partition);
            if (record.Offset < _next.GetValueOrDefault(at))
            {
                continue;
            }
            _next[at] = record.Offset + 1;
            _driver.Pipe(record.Topic, record.Key, record.Value, record.Partition, record.Offset);
            _driver.Commit();
            foreach (var sink in topology.Sinks)
            {
                foreach (var sent in _driver.Read(sink.Topic))
                {
                    Append(_sent[sink.Topic], Text(sent.Key), sent.Value);
                }
            }
            foreach (var letter in _driver.Read(topology.DeadLetters!))
            {
                Append(_deadLetters, Text(letter.Key), Letter(letter.Value, record.Topic, Number(record.Partition), Number(record.Offset), letter.Rejection!.Value.ErrorClass, letter.Rejection.Value.Message));
            }
        }
    }

    /// <summary>Compares the topic of dead letters.</summary>
    public void CompareDeadLetters(CommittedLog log, Differences differences)
    {
        var topic = topology.DeadLetters!;
        var found = new Dictionary<string, List<string>>();
        foreach (var record in log[topic])
        {
            Append(found, Text(record.Key), Letter(record.Value, Header(record, DeadLetterHeaders.SourceTopic), Header(record, DeadLetterHeaders.SourcePartition),
                Header(record, DeadLetterHeaders.SourceOffset), Header(record, DeadLetterHeaders.ErrorClass), Header(record, DeadLetterHeaders.ErrorMessage)));
        }
        foreach (var key in _deadLetters.Keys.Union(found.Keys))
        {
            Sequence(topic, key, _deadLetters.GetValueOrDefault(key, []), found.GetValueOrDefault(key, []), v => v, differences);
        }
    }

    /// <summary>Rebuilds a store from its changelog, and compares it.</summary>
    /// <param name="log">Holds the changelog.</param>
    /// <param name="store">The store.</param>
    /// <param name="isTimed">Keys whose value depends on timing, and is not compared.</param>
    /// <param name="differences">Receives what differs.</param>
    /// <param name="text">What of a value and the time it wakes at is compared; null for all of it.</param>
    public void CompareStore(CommittedLog log, StoreSpec store, Func<string, bool> isTimed, Differences differences, Func<byte[], string>? text = null)
    {
        var topic = topology.ChangelogOf(store);
        for (var partition = 0; partition < partitions; partition++)
        {
            var rebuilt = new KeyValueStore(store.Name);
            foreach (var change in log[topic].Where(c => c.Partition == partition))
            {
                rebuilt.Restore(change.Key, change.Value, change.Value is not null);
            }
            var (expected, found) = (Entries(_driver.Store(store, partition), text), Entries(rebuilt, text));
            foreach (var key in expected.Keys.Union(found.Keys).Where(k => expected.GetValueOrDefault(k) != found.GetValueOrDefault(k)))
            {
                var name = Encoding.UTF8.GetString(Convert.FromHexString(key));
                if (!isTimed(name))
                {
                    differences.Add($"store {store.Name} from {topic} [{partition}]", name, expected.GetValueOrDefault(key, "nothing"), found.GetValueOrDefault(key, "nothing"));
                }
            }
        }
    }

    /// <summary>Compares two sequences of one key.</summary>
    public static void Sequence<T>(string thing, string key, IReadOnlyList<T> expected, IReadOnlyList<T> found, Func<T, string> text, Differences differences)
    {
        for (var i = 0; i < Math.Max(expected.Count, found.Count); i++)
        {
            var (e, f) = (i < expected.Count ? text(expected[i]) : "nothing more", i < found.Count ? text(found[i]) : "nothing more");
            if (e != f)
            {
                differences.Add(thing, string.Create(CultureInfo.InvariantCulture, $"{key}, record {i + 1}"), e, f);
                return;
            }
        }
    }

    public static string Text(byte[]? key) => key is null ? "(no key)" : Encoding.UTF8.GetString(key);

    public static void Append<T>(Dictionary<string, List<T>> lists, string key, T value)
    {
        if (!lists.TryGetValue(key, out var list))
        {
            lists.Add(key, list = []);
        }
        list.Add(value);
    }

    private static Dictionary<string, string> Entries(KeyValueStore store, Func<byte[], string>? text)
    {
        var entries = new Dictionary<string, string>();
        store.ForEach((key, value) => entries.Add(Convert.ToHexString(key), text is not null ? text(value.ToArray()) : string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexString(value)} waking at {store.WakeOf(key)}")));
        return entries;
    }

    private static string Letter(byte[]? value, string topic, string partition, string offset, string errorClass, string message) =>
        $"{topic} [{partition}] @{offset}: {errorClass}: {message}: {(value is null ? "no value" : Convert.ToHexString(value))}";

    private static string Header(CommittedRecord record, string name) => record.Headers.TryGetLastBytes(name, out var bytes) ? Encoding.UTF8.GetString(bytes) : "(no header)";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
