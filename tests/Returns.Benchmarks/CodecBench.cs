using System.Diagnostics;
using Avro;
using Avro.Generic;
using Avro.IO;
using Returns.Contracts;
using Returns.Contracts.Wire;

namespace Returns.Benchmarks;

/// <summary>
/// Decoding and encoding scans as a conveyor sends them (an intake, two inspections, an image grade, a weighing), beside
/// Apache.Avro's generic reader and writer with reuse, in rounds that take turns on one core.
/// </summary>
internal sealed class CodecBench : IBenchmark
{
    private const int Units = 400;

    public string Name => "codec";

    public string Usage => "decoding and encoding a scan against Apache.Avro's generic reader and writer, on one core";

    public bool IsBudget => false;

    public Task RunAsync(BenchmarkRun run)
    {
        var values = Values(new Random(1));
        run.Note($"codec: {values.Length} scans of {values.Average(v => v.Length):0} bytes on average");
        Compare(run, "decode a scan", values, new OurDecoding(), new ApacheDecoding());
        using var stream = new MemoryStream(512);
        Compare(run, "encode a scan", values, new OurEncoding(values), new ApacheEncoding(values, stream));
        return Task.CompletedTask;
    }

    private interface ICodec
    {
        void Run(byte[] value, int index);
    }

    private static void Compare<TOurs, TTheirs>(BenchmarkRun run, string what, byte[][] values, TOurs ours, TTheirs theirs)
        where TOurs : ICodec where TTheirs : ICodec
    {
        var scans = run.Sized(1_000_000);
        // First until the code is compiled for what it was seen to do.
        for (var i = 0; i < 3; i++)
        {
            Measure(values, Math.Min(scans, 200_000), ours);
            Measure(values, Math.Min(scans, 200_000), theirs);
        }
        var rounds = Enumerable.Range(0, run.Rounds).Select(_ => (Ours: Measure(values, scans, ours), Theirs: Measure(values, scans / 10, theirs))).ToList();
        run.Add(new Row
        {
            Work = what,
            Unit = "scans/s",
            Ours = [.. rounds.Select(r => 1e9 / r.Ours.Nanoseconds)],
            Against = "Apache.Avro",
            Reference = [.. rounds.Select(r => 1e9 / r.Theirs.Nanoseconds)],
        });
        run.Note($"{what}: {rounds[^1].Ours.Bytes:0} bytes allocated, Apache.Avro {rounds[^1].Theirs.Bytes:0}");
    }

    private static (double Nanoseconds, double Bytes) Measure<T>(byte[][] values, int scans, T codec) where T : ICodec
    {
        scans = Math.Max(1, scans);
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        for (int i = 0, at = 0; i < scans; i++)
        {
            codec.Run(values[at], at);
            at = at + 1 == values.Length ? 0 : at + 1;
        }
        var took = Stopwatch.GetElapsedTime(start);
        return (took.TotalNanoseconds / scans, (double)(GC.GetAllocatedBytesForCurrentThread() - bytes) / scans);
    }

    private static byte[][] Values(Random random)
    {
        var encoder = new WireEncoder<ItemScan>();
        var values = new List<byte[]>();
        for (var unit = 0; unit < Units; unit++)
        {
            for (var step = 0; step < 5; step++)
            {
                values.Add(encoder.Encode(Scan(unit, step, random)).ToArray());
            }
        }
        return [.. values];
    }

    private static ItemScan Scan(int unit, int step, Random random)
    {
        var scan = new ItemScan
        {
            Lpn = $"LPN{unit:D9}",
            Program = "northgate",
            Facility = "DC-LEEDS",
            Station = $"inspect-{random.Next(1, 9)}",
            Sequence = random.Next(1, 1_000_000),
            ScannedAt = 1_780_000_000_000 + random.Next(1, 100_000_000),
            Origin = Origin.Simulated,
        };
        switch (step)
        {
            case 0:
                scan.Kind = ScanKind.Intake;
                scan.Sku = $"{random.Next(10_000, 99_999)}A";
                scan.ReturnReason = ReturnReason.ChangedMind;
                scan.PricePaid = new Money(random.Next(100, 50_000) / 100m, Currency.Parse("GBP"));
                break;
            case 1 or 2:
                scan.Kind = ScanKind.Inspection;
                scan.Grader = $"badge-{random.Next(100, 999)}";
                foreach (var criterion in step == 1 ? new[] { "powers-on", "screen", "battery-health" } : ["accessories", "packaging"])
                {
                    var finding = scan.Findings.Add();
                    finding.Criterion = criterion;
                    finding.Value = random.Next(2);
                }
                break;
            case 3:
                scan.Kind = ScanKind.ImageGrade;
                var image = scan.SetImageGrade();
                (image.Grade, image.Confidence, image.Model) = ("B", random.NextDouble(), "condition-net-4.2");
                break;
            default:
                scan.Kind = ScanKind.Weigh;
                scan.WeightGrams = random.Next(50, 5000);
                break;
        }
        return scan;
    }

    private readonly struct OurDecoding() : ICodec
    {
        private readonly WireDecoder<ItemScan> _decoder = new();
        private readonly ItemScan _into = new();

        public void Run(byte[] value, int index)
        {
            if (!_decoder.TryDecode(value, _into, out var error))
            {
                throw new InvalidOperationException(error.ToString());
            }
        }
    }

    private readonly struct OurEncoding : ICodec
    {
        private readonly WireEncoder<ItemScan> _encoder = new();
        private readonly ItemScan[] _records;

        public OurEncoding(byte[][] values)
        {
            var decoder = new WireDecoder<ItemScan>();
            _records = Array.ConvertAll(values, value =>
            {
                var record = new ItemScan();
                return decoder.TryDecode(value, record, out var error) ? record : throw new InvalidOperationException(error.ToString());
            });
        }

        public void Run(byte[] value, int index)
        {
            if (_encoder.Encode(_records[index]).Length != value.Length)
            {
                throw new InvalidOperationException("the encoding has another length");
            }
        }
    }

    private readonly struct ApacheDecoding() : ICodec
    {
        private readonly GenericDatumReader<GenericRecord> _reader = new(Schema.Parse(ItemScan.SchemaJson), Schema.Parse(ItemScan.SchemaJson));
        private readonly GenericRecord _into = new((RecordSchema)Schema.Parse(ItemScan.SchemaJson));

        public GenericRecord Decode(byte[] value, GenericRecord into)
        {
            var stream = new MemoryStream(value, ConfluentWire.HeaderLength, value.Length - ConfluentWire.HeaderLength);
            return _reader.Read(into, new BinaryDecoder(stream));
        }

        public void Run(byte[] value, int index) => Decode(value, _into);
    }

    private readonly struct ApacheEncoding : ICodec
    {
        private readonly GenericDatumWriter<GenericRecord> _writer = new(Schema.Parse(ItemScan.SchemaJson));
        private readonly MemoryStream _stream;
        private readonly GenericRecord[] _records;

        public ApacheEncoding(byte[][] values, MemoryStream stream)
        {
            _stream = stream;
            var decoding = new ApacheDecoding();
            _records = Array.ConvertAll(values, value => decoding.Decode(value, new GenericRecord((RecordSchema)Schema.Parse(ItemScan.SchemaJson))));
        }

        public void Run(byte[] value, int index)
        {
            _stream.SetLength(0);
            _writer.Write(_records[index], new BinaryEncoder(_stream));
            if (_stream.Length != value.Length - ConfluentWire.HeaderLength)
            {
                throw new InvalidOperationException("the encoding has another length");
            }
        }
    }
}
