using System.Buffers.Text;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Returns.Streams.Kafka;

/// <summary>
/// Reads the group's offsets, and sends them to a transaction, with stream time as the metadata of the leader's: the one
/// part of a task's state that is in no store.
/// </summary>
internal static unsafe class GroupOffsets
{
    private static ReadOnlySpan<byte> StreamTimeMark => "stream-time="u8;

    /// <summary>A committed offset; -1 where none is.</summary>
    public readonly record struct Committed(long Offset, long StreamTime);

    /// <summary>What is committed. A transaction that is still to be decided makes it wait, and then fail.</summary>
    /// <exception cref="KafkaException">No answer in time, or a transaction that is still to be decided.</exception>
    public static Committed[] Read(IClient consumer, IReadOnlyList<TopicPartition> partitions, TimeSpan timeout)
    {
        var list = Librdkafka.NewList(null, partitions.Count);
        try
        {
            foreach (var partition in partitions)
            {
                Librdkafka.Add(null, list, partition.Topic, partition.Partition.Value);
            }
            Check(Librdkafka.Committed(null, Librdkafka.HandleOf(consumer), list, (nint)timeout.TotalMilliseconds));
            var committed = new Committed[partitions.Count];
            for (var i = 0; i < committed.Length; i++)
            {
                ref var entry = ref ((Librdkafka.PartitionList*)list)->Entries[i];
                Check(entry.Error);
                var metadata = new ReadOnlySpan<byte>((void*)entry.Metadata, (int)entry.MetadataLength);
                committed[i] = new Committed(Math.Max(-1, entry.Offset), StreamTimeOf(metadata));
            }
            return committed;
        }
        finally
        {
            Librdkafka.DestroyList(null, list);
        }
    }

    /// <summary>Sends the places of the touched tasks, in all their sources, to the producer's transaction. The group takes them
    /// only from the member that the consumer is now, and they are sent only as the member that the tasks were given to: this
    /// is what fences one that has lost its partitions.</summary>
    /// <exception cref="TransactionException">They were not taken, or that member is gone.</exception>
    public static void Send(IClient producer, IConsumer<Ignore, Ignore> consumer, List<AssignedTask> tasks, TimeSpan timeout)
    {
        var list = Librdkafka.NewList(null, tasks.Count * 2);
        var member = Librdkafka.GroupMetadata(null, Librdkafka.HandleOf(consumer));
        var text = (byte*)NativeMemory.Alloc((nuint)(tasks.Count * MaxMetadata + 1));
        try
        {
            // Read after the metadata was: an id that is gone never comes back, so that has it, too.
            Check(tasks, consumer.MemberId);
            var next = text;
            foreach (var task in tasks)
            {
                for (var i = 0; task.Touched && i < task.Sources.Length; i++)
                {
                    var entry = (Librdkafka.PartitionEntry*)Librdkafka.Add(null, list, task.Sources[i].Topic, task.Partition);
                    entry->Offset = task.Sources[i].Next;
                    if (i > 0 || task.Task.StreamTime == long.MinValue)
                    {
                        continue;
                    }
                    (entry->Metadata, entry->MetadataLength) = ((nint)next, (nuint)Write(task.Task.StreamTime, new Span<byte>(next, MaxMetadata)));
                    next += MaxMetadata;
                }
            }
            var error = Librdkafka.SendOffsets(null, Librdkafka.HandleOf(producer), list, member, (nint)timeout.TotalMilliseconds);
            if (error != 0)
            {
                throw TransactionException.Take(error);
            }
        }
        finally
        {
            var sent = (Librdkafka.PartitionList*)list;
            for (var i = 0; i < sent->Count; i++)
            {
                // Not librdkafka's to free: it has copied them.
                (sent->Entries[i].Metadata, sent->Entries[i].MetadataLength) = (0, 0);
            }
            NativeMemory.Free(text);
            Librdkafka.DestroyList(null, list);
            Librdkafka.DestroyGroupMetadata(null, member);
        }
    }

    private static void Check(List<AssignedTask> tasks, string member)
    {
        foreach (var task in tasks)
        {
            if (task.Touched && (member.Length == 0 || task.Member != member))
            {
                throw new TransactionException(TransactionFault.Rejoin, $"{task} was given to a member of the group that is gone", ErrorCode.UnknownMemberId);
            }
        }
    }

    private const int MaxMetadata = 40;

    private static int Write(long streamTime, Span<byte> to)
    {
        StreamTimeMark.CopyTo(to);
        Utf8Formatter.TryFormat(streamTime, to[StreamTimeMark.Length..], out var digits);
        return StreamTimeMark.Length + digits;
    }

    private static long StreamTimeOf(ReadOnlySpan<byte> metadata) =>
        metadata.StartsWith(StreamTimeMark) && Utf8Parser.TryParse(metadata[StreamTimeMark.Length..], out long time, out _) ? time : long.MinValue;

    private static void Check(ErrorCode error)
    {
        if (error != ErrorCode.NoError)
        {
            throw new KafkaException(error);
        }
    }
}
