using Microsoft.Extensions.Logging.Abstractions;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Streams.Tasks;
using Returns.Topologies.Triage;
using static Returns.Topologies.Tests.Triage.TriageHarness;

namespace Returns.Topologies.Tests.Triage;

public sealed class AllocationTests
{
    [Fact]
    public void Scans_of_known_units_allocate_nothing()
    {
        var topology = TriageTopology.Build(LocalSchemaIds.BuiltIn, Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry()), NullLogger.Instance);
        var tables = topology.Tables.Select(t => t.Create()).ToList();
        foreach (var document in ShippedRules.Documents)
        {
            var record = new RuleSet();
            document.Fill(Start, record);
            Apply(tables[1], Topics.Rules, document.Key, Encoded(record));
        }
        Apply(tables[0], Topics.Catalog, $"{Program}|SKU-1", Encoded(Item("SKU-1")));
        var task = new StreamTask(topology, topology.SubTopologies[0], 0, new Nowhere(), tables, long.MinValue);
        task.Ready();

        const int Units = 100;
        var keys = Enumerable.Range(0, Units).Select(i => System.Text.Encoding.UTF8.GetBytes($"LPN-{i:D6}")).ToArray();
        for (var i = 0; i < Units; i++)
        {
            Process(keys[i], Encoded(Intake($"LPN-{i:D6}", i, Start)));
        }

        // Each round corrects every unit to or fro: a regrade, a new disposition and a new state. The first rounds run code that
        // is not optimised yet, and the store takes a page now and then as states grow: one round without must come.
        var least = long.MaxValue;
        for (var round = 0; round < 300 && least > 0; round++)
        {
            var scans = Enumerable.Range(0, Units)
                .Select(i => Encoded(Inspection($"LPN-{i:D6}", (round * Units) + i, Start + (round * 1000), ("powers-on", round % 2)))).ToArray();
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Units; i++)
            {
                Process(keys[i], scans[i]);
            }
            task.Flush();
            task.Committed();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);

        void Process(byte[] key, byte[] value) => task.Process(0, new InputRecord(Topics.Scans, 0, 0, key, true, value, true));
    }

    private static void Apply(GlobalTable table, string topic, Utf8 key, byte[] value) =>
        Assert.True(table.TryApply(new InputRecord(topic, 0, 0, key.Span, true, value, true), out var rejection), rejection.Message);

    private sealed class Nowhere : ITaskOutput
    {
        public void Send(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
        }

        public void SendTombstone(string topic, ReadOnlySpan<byte> key)
        {
        }

        public void SendChange(string topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue)
        {
        }

        public void SendDeadLetter(string topic, in InputRecord record, in Rejection rejection) => Assert.Fail(rejection.Message);
    }
}
