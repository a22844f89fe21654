using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Storage;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Requests;

/// <summary>Appends record batches. The bytes go from the receive buffer to the segment file as they are.</summary>
internal sealed class ProduceRequests(TopicCatalog topics, ITransactionGuard transactions)
{
    public Outcome Produce(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        if (version >= 3) r.Utf8OrNull();
        var acks = r.Int16();
        r.Int32();
        var failed = false;
        var topicCount = Math.Max(r.ArrayLength(), 0);
        w.ArrayLength(topicCount);
        for (; topicCount > 0; topicCount--)
        {
            var name = r.Utf8();
            var topic = topics.Find(name);
            w.Utf8(name);
            var partitionCount = Math.Max(r.ArrayLength(), 0);
            w.ArrayLength(partitionCount);
            for (; partitionCount > 0; partitionCount--)
            {
                var index = r.Int32();
                var batch = r.Bytes();
                r.Tags();
                var log = topic?.Partition(index);
                var result = acks is < -1 or > 1 ? new AppendResult(ErrorCode.InvalidRequiredAcks, -1, -1)
                    : log is null ? new AppendResult(ErrorCode.UnknownTopicOrPartition, -1, -1)
                    : Append(log, batch);
                failed |= result.Error != ErrorCode.None;
                w.Int32(index);
                w.Error(result.Error);
                w.Int64(result.BaseOffset);
                if (version >= 2) w.Int64(result.AppendTime);
                if (version >= 5) w.Int64(log?.Start ?? -1);
                if (version >= 8)
                {
                    w.ArrayLength(0);
                    w.String(null);
                }

                w.Tags();
            }

            r.Tags();
            w.Tags();
        }

        if (version >= 1) w.Int32(0);
        w.Tags();
        if (acks != 0) return Outcome.Respond;
        return failed ? Outcome.Close : Outcome.Silent;
    }

    /// <summary>Checks what can be checked of a batch without unpacking it.</summary>
    internal static ErrorCode Check(ReadOnlySpan<byte> batch, TopicConfig config, out BatchHeader header)
    {
        header = default;
        if (batch.Length > 16 && batch[16] < 2) return ErrorCode.UnsupportedForMessageFormat;
        if (!BatchHeader.TryRead(batch, out header) || header.Magic != 2 || header.TotalSize < BatchHeader.Size) return ErrorCode.CorruptMessage;
        if (batch.Length > config.MaxMessageBytes) return ErrorCode.MessageTooLarge;
        if (header.TotalSize > batch.Length) return ErrorCode.CorruptMessage;
        // Several batches for a partition in one request: the protocol has forbidden it since magic 2.
        if (header.TotalSize < batch.Length) return ErrorCode.InvalidRecord;
        if (header.Crc != BatchHeader.ComputeCrc(batch)) return ErrorCode.CorruptMessage;
        if (header.Codec > 4) return ErrorCode.UnsupportedCompressionType;
        if (header.IsControl || header.RecordCount <= 0 || header.LastOffsetDelta != header.RecordCount - 1) return ErrorCode.InvalidRecord;
        if (header.ProducerId >= 0 ? header.ProducerEpoch < 0 || header.BaseSequence < 0 : header.IsTransactional) return ErrorCode.InvalidRecord;
        return ErrorCode.None;
    }

    private AppendResult Append(PartitionLog log, Span<byte> batch)
    {
        var error = Check(batch, log.Config, out var header);
        return error == ErrorCode.None ? log.Append(batch, header, transactions) : new AppendResult(error, -1, -1);
    }
}
