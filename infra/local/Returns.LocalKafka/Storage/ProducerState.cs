using System.Buffers.Binary;
using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Storage;

/// <summary>What a partition knows of its idempotent producers and open transactions. Guarded by the log's lock.</summary>
/// <remarks>The rules are those of Apache Kafka's ProducerAppendInfo: the last five batches of a producer are recognised as
/// duplicates, a new epoch starts at sequence 0, and a producer never heard of may start anywhere.</remarks>
internal sealed class ProducerState
{
    private const uint SnapshotMagic = 0x52535031;
    private readonly Dictionary<long, Producer> _producers = [];
    // In the order of their first offsets, because a transaction opens with an append at the end of the log.
    private readonly List<OpenTransaction> _open = [];
    // In the order of their markers.
    private readonly List<AbortedTransaction> _aborted = [];

    /// <summary>The first offset of the oldest open transaction; null when none is open.</summary>
    public long? FirstOpenOffset => _open.Count == 0 ? null : _open[0].FirstOffset;

    public IReadOnlyCollection<Producer> Producers => _producers.Values;

    public IReadOnlyList<AbortedTransaction> Aborted => _aborted;

    public bool HasOpenTransaction(long producerId) => _producers.TryGetValue(producerId, out var producer) && producer.TransactionStart >= 0;

    /// <summary>Whether a batch may follow. A duplicate gives <see cref="ErrorCode.None"/> and the offset it has.</summary>
    public ErrorCode Check(in BatchHeader batch, out long duplicateOf)
    {
        duplicateOf = -1;
        if (batch.ProducerId < 0 || !_producers.TryGetValue(batch.ProducerId, out var producer)) return ErrorCode.None;
        if (batch.ProducerEpoch < producer.Epoch) return ErrorCode.InvalidProducerEpoch;
        if (batch.ProducerEpoch > producer.Epoch) return batch.BaseSequence == 0 ? ErrorCode.None : ErrorCode.OutOfOrderSequence;
        if (producer.TryFindDuplicate(batch.BaseSequence, batch.LastSequence, out duplicateOf)) return ErrorCode.None;
        var expected = producer.LastSequence == int.MaxValue ? 0 : producer.LastSequence + 1;
        return batch.BaseSequence == expected ? ErrorCode.None : ErrorCode.OutOfOrderSequence;
    }

    /// <summary>Takes an appended data batch into account.</summary>
    public void Appended(in BatchHeader batch, long baseOffset)
    {
        if (batch.ProducerId < 0) return;
        var producer = Get(batch.ProducerId, batch.ProducerEpoch);
        producer.Add(batch.LastSequence, batch.LastOffsetDelta, baseOffset, batch.MaxTimestamp);
        if (!batch.IsTransactional || producer.TransactionStart >= 0) return;
        producer.TransactionStart = baseOffset;
        _open.Add(new OpenTransaction(batch.ProducerId, baseOffset));
    }

    /// <summary>Takes a transaction marker into account, which also fences older epochs of its producer.</summary>
    public void Ended(long producerId, short epoch, bool commit, long markerOffset, long timestamp)
    {
        var producer = Get(producerId, epoch);
        producer.LastTimestamp = Math.Max(producer.LastTimestamp, timestamp);
        if (producer.TransactionStart < 0) return;
        var index = _open.FindIndex(open => open.ProducerId == producerId);
        if (index >= 0) _open.RemoveAt(index);
        if (!commit)
        {
            var lastStable = _open.Count == 0 ? markerOffset + 1 : _open[0].FirstOffset;
            _aborted.Add(new AbortedTransaction(producerId, producer.TransactionStart, markerOffset, lastStable));
        }

        producer.TransactionStart = -1;
    }

    /// <summary>Adds the aborted transactions with records in a range of offsets, the end excluded.</summary>
    public void CollectAborted(long from, long end, List<AbortedTransaction> into)
    {
        int low = 0, high = _aborted.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_aborted[middle].LastOffset < from) low = middle + 1;
            else high = middle;
        }

        for (; low < _aborted.Count; low++)
        {
            if (_aborted[low].FirstOffset < end) into.Add(_aborted[low]);
            // Everything behind was still open here, so it began at or behind this last stable offset.
            if (_aborted[low].LastStableOffset >= end) break;
        }
    }

    /// <summary>Forgets what ends below the start of the log, and producers silent since a time (milliseconds since 1970).</summary>
    public void Expire(long logStart, long silentSince)
    {
        _aborted.RemoveAll(aborted => aborted.LastOffset < logStart);
        foreach (var (id, producer) in _producers)
        {
            if (producer.TransactionStart < 0 && producer.LastTimestamp < silentSince) _producers.Remove(id);
        }
    }

    /// <summary>Forgets aborted transactions by the offsets of their markers.</summary>
    public void ForgetAborted(Func<long, bool> isGone) => _aborted.RemoveAll(aborted => isGone(aborted.LastOffset));

    public byte[] ToSnapshot()
    {
        var size = 16 + _producers.Count * (44 + Producer.Remembered * 16) + _aborted.Count * 32;
        var bytes = new byte[size];
        var span = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(span, SnapshotMagic);
        BinaryPrimitives.WriteInt32LittleEndian(span[8..], _producers.Count);
        BinaryPrimitives.WriteInt32LittleEndian(span[12..], _aborted.Count);
        var rest = span[16..];
        foreach (var producer in _producers.Values) rest = rest[producer.Write(rest)..];
        foreach (var aborted in _aborted)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, aborted.ProducerId);
            BinaryPrimitives.WriteInt64LittleEndian(rest[8..], aborted.FirstOffset);
            BinaryPrimitives.WriteInt64LittleEndian(rest[16..], aborted.LastOffset);
            BinaryPrimitives.WriteInt64LittleEndian(rest[24..], aborted.LastStableOffset);
            rest = rest[32..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(span[4..], BatchHeader.Crc32C(span[8..]));
        return bytes;
    }

    /// <summary>Reads a snapshot; null when the bytes are not a whole one.</summary>
    public static ProducerState? FromSnapshot(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 16 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != SnapshotMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != BatchHeader.Crc32C(bytes[8..]))
        {
            return null;
        }

        var state = new ProducerState();
        var producers = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        var aborted = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        var rest = bytes[16..];
        for (var i = 0; i < producers; i++)
        {
            var producer = Producer.Read(rest, out var size);
            rest = rest[size..];
            state._producers.Add(producer.Id, producer);
            if (producer.TransactionStart >= 0) state._open.Add(new OpenTransaction(producer.Id, producer.TransactionStart));
        }

        state._open.Sort((a, b) => a.FirstOffset.CompareTo(b.FirstOffset));
        for (var i = 0; i < aborted; i++, rest = rest[32..])
        {
            state._aborted.Add(new AbortedTransaction(
                BinaryPrimitives.ReadInt64LittleEndian(rest),
                BinaryPrimitives.ReadInt64LittleEndian(rest[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(rest[16..]),
                BinaryPrimitives.ReadInt64LittleEndian(rest[24..])));
        }

        return state;
    }

    private Producer Get(long id, short epoch)
    {
        if (!_producers.TryGetValue(id, out var producer)) _producers.Add(id, producer = new Producer(id, epoch));
        if (epoch > producer.Epoch) producer.StartEpoch(epoch);
        return producer;
    }

    private readonly record struct OpenTransaction(long ProducerId, long FirstOffset);

    /// <summary>One producer as a partition knows it.</summary>
    internal sealed class Producer(long id, short epoch)
    {
        public const int Remembered = 5;
        private readonly RememberedBatch[] _batches = new RememberedBatch[Remembered];
        private int _count;

        public long Id { get; } = id;

        public short Epoch { get; private set; } = epoch;

        /// <summary>-1 when this epoch has not written yet.</summary>
        public int LastSequence => _count == 0 ? -1 : _batches[_count - 1].LastSequence;

        public long TransactionStart { get; set; } = -1;

        public long LastTimestamp { get; set; } = -1;

        public void StartEpoch(short epoch)
        {
            Epoch = epoch;
            _count = 0;
        }

        public void Add(int lastSequence, int offsetDelta, long baseOffset, long timestamp)
        {
            if (_count == Remembered)
            {
                _batches.AsSpan(1).CopyTo(_batches);
                _count--;
            }

            _batches[_count++] = new RememberedBatch(lastSequence, offsetDelta, baseOffset);
            LastTimestamp = Math.Max(LastTimestamp, timestamp);
        }

        public bool TryFindDuplicate(int baseSequence, int lastSequence, out long baseOffset)
        {
            for (var i = 0; i < _count; i++)
            {
                if (_batches[i].LastSequence != lastSequence || _batches[i].BaseSequence != baseSequence) continue;
                baseOffset = _batches[i].BaseOffset;
                return true;
            }

            baseOffset = -1;
            return false;
        }

        public int Write(Span<byte> to)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, Id);
            BinaryPrimitives.WriteInt32LittleEndian(to[8..], Epoch);
            BinaryPrimitives.WriteInt64LittleEndian(to[12..], TransactionStart);
            BinaryPrimitives.WriteInt64LittleEndian(to[20..], LastTimestamp);
            BinaryPrimitives.WriteInt32LittleEndian(to[28..], _count);
            for (var i = 0; i < _count; i++)
            {
                var batch = to[(44 + i * 16)..];
                BinaryPrimitives.WriteInt32LittleEndian(batch, _batches[i].LastSequence);
                BinaryPrimitives.WriteInt32LittleEndian(batch[4..], _batches[i].OffsetDelta);
                BinaryPrimitives.WriteInt64LittleEndian(batch[8..], _batches[i].BaseOffset);
            }

            return 44 + Remembered * 16;
        }

        public static Producer Read(ReadOnlySpan<byte> from, out int size)
        {
            var producer = new Producer(BinaryPrimitives.ReadInt64LittleEndian(from), (short)BinaryPrimitives.ReadInt32LittleEndian(from[8..]))
            {
                TransactionStart = BinaryPrimitives.ReadInt64LittleEndian(from[12..]),
                LastTimestamp = BinaryPrimitives.ReadInt64LittleEndian(from[20..]),
                _count = BinaryPrimitives.ReadInt32LittleEndian(from[28..]),
            };
            for (var i = 0; i < producer._count; i++)
            {
                var batch = from[(44 + i * 16)..];
                producer._batches[i] = new RememberedBatch(
                    BinaryPrimitives.ReadInt32LittleEndian(batch),
                    BinaryPrimitives.ReadInt32LittleEndian(batch[4..]),
                    BinaryPrimitives.ReadInt64LittleEndian(batch[8..]));
            }

            size = 44 + Remembered * 16;
            return producer;
        }

        private readonly record struct RememberedBatch(int LastSequence, int OffsetDelta, long BaseOffset)
        {
            public int BaseSequence => (int)(((long)LastSequence - OffsetDelta) & int.MaxValue);
        }
    }
}

/// <summary>A transaction that was aborted in a partition: its first record, its marker, and the last stable offset then.</summary>
internal readonly record struct AbortedTransaction(long ProducerId, long FirstOffset, long LastOffset, long LastStableOffset);
