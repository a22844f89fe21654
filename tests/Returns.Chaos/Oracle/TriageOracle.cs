using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Chaos.Feed;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Streams;
using Returns.Topologies.Tests.Triage;
using Returns.Topologies.Triage;

namespace Returns.Chaos.Oracle;

/// <summary>
/// What triage must have made of its input. Of most units each record of each topic, and the state, are those of an
/// undisturbed run. Of the units that an operator or a late catalogue item decides on, the way depends on when a worker
/// hears of that, and the outcome does not. The outcome of every unit is also that of a plain fold over its events.
/// </summary>
internal sealed class TriageOracle
{
    public static readonly string[] Outputs = [Topics.Grades, Topics.Dispositions, Topics.Exceptions];
    private static readonly string[] Inputs = [Topics.Rules, Topics.Catalog, Topics.Scans, Topics.Overrides, Topics.Heartbeats];
    private readonly RuleBook _rules;
    private readonly Topology _topology = TriageTopology.Build(LocalSchemaIds.BuiltIn, Metrics.WithCustomRegistry(Metrics.NewCustomRegistry()), NullLogger.Instance);
    private readonly ExpectedTopics _expected;
    private readonly HashSet<string> _timed = [];
    private HashSet<string> _timedNow = [];

    public TriageOracle(RuleBook rules, int partitions) => (_rules, _expected) = (rules, new ExpectedTopics(_topology, partitions));

    /// <summary>The topics that it reads.</summary>
    public IEnumerable<string> AllTopics => [.. Inputs, .. Outputs, Topics.DeadLetters, .. _topology.SubTopologies[0].Stores.Select(_topology.ChangelogOf)];

    /// <summary>Takes in a round's input, once all of it is in the topics.</summary>
    public void Take(CommittedLog log, Batch batch)
    {
        _timedNow = batch.Timed;
        _timed.UnionWith(batch.Timed);
        _expected.Take(log[Topics.Rules]);
        _expected.Take(log[Topics.Catalog]);
        _expected.Take(log.AsItCame(Topics.Scans, Topics.Overrides, Topics.Heartbeats));
    }

    public void Compare(CommittedLog log, Batch batch, Differences differences)
    {
        var found = Outputs.ToDictionary(topic => topic, topic => ByKey(log[topic]));
        foreach (var topic in Outputs)
        {
            var expected = _expected.Of(topic);
            foreach (var key in expected.Keys.Union(found[topic].Keys).Where(key => !_timed.Contains(key)))
            {
                ExpectedTopics.Sequence(topic, key, expected.GetValueOrDefault(key, []), found[topic].GetValueOrDefault(key, []), v => v is null ? "a tombstone" : Convert.ToHexString(v), differences);
            }
        }
        _expected.CompareDeadLetters(log, differences);
        _expected.CompareStore(log, _topology.SubTopologies[0].Stores[0], _timed.Contains, differences);
        CompareOutcomes(log, batch, found, differences);
    }

    private void CompareOutcomes(CommittedLog log, Batch batch, Dictionary<string, Dictionary<string, List<byte[]?>>> found, Differences differences)
    {
        var scans = log.Decoded<ItemScan>(Topics.Scans).Where(s => batch.Units.Contains(s.Lpn.ToString())).ToLookup(s => s.Lpn.ToString());
        var overrides = log.Decoded<OperatorOverride>(Topics.Overrides).ToLookup(o => o.Lpn.ToString());
        var catalogue = log.Decoded<CatalogItem>(Topics.Catalog).ToDictionary(i => i.Sku.ToString());
        foreach (var unit in scans)
        {
            var expected = UnitOracle.Of(_rules, unit, overrides[unit.Key], catalogue.GetValueOrDefault);
            var grades = Of<ItemGraded>(found[Topics.Grades], unit.Key);
            var routes = Of<ItemRouted>(found[Topics.Dispositions], unit.Key);
            var exceptions = Of<ItemException>(found[Topics.Exceptions], unit.Key);
            var review = exceptions.Count > 0 && exceptions[^1].State == ExceptionState.Open ? exceptions[^1].Reason : default(ExceptionReason?);
            var (wanted, is_) = (
                Outcome(expected.Grade, expected.Routed, expected.Disposition, expected.Channel, expected.Review),
                Outcome(expected.Grade is null ? null : grades.LastOrDefault()?.Grade.ToString(), expected.Routed, expected.Routed ? routes.LastOrDefault()?.Disposition : null,
                    expected.Routed ? routes.LastOrDefault()?.Channel?.ToString() : null, review));
            if (wanted != is_)
            {
                differences.Add("outcome", unit.Key, wanted, is_);
            }
            var revisions = grades.Select(g => g.Revision).Concat(routes.Select(r => r.Revision)).Concat(exceptions.Select(e => e.Revision)).Distinct().Order().ToList();
            if (!revisions.SequenceEqual(Enumerable.Range(1, revisions.Count)) || !Rises(grades.Select(g => g.Revision)) || !Rises(routes.Select(r => r.Revision)) || !Rises(exceptions.Select(e => e.Revision)))
            {
                differences.Add("revisions", unit.Key, "1, 2, 3 and so on, in each topic rising",
                    $"grades {List(grades.Select(g => g.Revision))}; dispositions {List(routes.Select(r => r.Revision))}; exceptions {List(exceptions.Select(e => e.Revision))}");
            }
        }
        foreach (var lpn in batch.Units.Where(lpn => !scans.Contains(lpn)))
        {
            differences.Add(Topics.Scans, lpn, "its scans", "none");
        }
        foreach (var lpn in _timedNow.Where(lpn => Outputs.All(topic => !found[topic].ContainsKey(lpn))))
        {
            differences.Add("outcome", lpn, "one", "none");
        }
    }

    private static string Outcome(string? grade, bool routed, Disposition? disposition, string? channel, ExceptionReason? review) =>
        $"grade {grade ?? "none"}, {(routed ? $"{disposition} {channel}" : "no route")}, review {review?.ToString() ?? "none"}";

    private static bool Rises(IEnumerable<int> revisions) => revisions.Zip(revisions.Skip(1)).All(p => p.First < p.Second);

    private static string List(IEnumerable<int> numbers) => string.Join(", ", numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));

    private static Dictionary<string, List<byte[]?>> ByKey(IReadOnlyList<CommittedRecord> records)
    {
        var byKey = new Dictionary<string, List<byte[]?>>();
        foreach (var record in records)
        {
            ExpectedTopics.Append(byKey, ExpectedTopics.Text(record.Key), record.Value);
        }
        return byKey;
    }

    private static List<T> Of<T>(Dictionary<string, List<byte[]?>> byKey, string key) where T : class, IAvroRecord<T>, new()
    {
        var decoder = new WireDecoder<T>();
        return [.. byKey.GetValueOrDefault(key, []).Select(value =>
        {
            var record = new T();
            return decoder.TryDecode(value, record, out var error) ? record : throw new InvalidDataException($"a {T.SchemaName} of '{key}' cannot be read: {error}");
        })];
    }
}
