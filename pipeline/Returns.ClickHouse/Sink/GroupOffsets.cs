using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace Returns.ClickHouse.Sink;

/// <summary>A committed offset and the text committed with it.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The next offset to read, or <see cref="Confluent.Kafka.Offset.Unset"/> where none is committed.</param>
/// <param name="Metadata">The text, empty for none.</param>
internal readonly record struct GroupOffset(TopicPartition Partition, Offset Offset, string Metadata);

/// <summary>Reads and commits a consumer's offsets with their metadata.</summary>
/// <remarks>
/// librdkafka carries the metadata; Confluent.Kafka's own types leave it out. So its bindings are called directly, the very ones the
/// consumer uses and so the same library. For the thread that polls the consumer.
/// </remarks>
internal sealed class GroupOffsets(Handle consumer)
{
    private const string Bindings = "Confluent.Kafka.Impl.Librdkafka, Confluent.Kafka";
    private readonly SafeHandle _handle = (SafeHandle)Native.LibrdkafkaHandle(consumer);

    /// <summary>Asks the broker what is committed.</summary>
    /// <exception cref="KafkaException">The broker did not answer in time, or refused.</exception>
    public unsafe IReadOnlyList<GroupOffset> Read(IReadOnlyList<TopicPartition> partitions, TimeSpan timeout)
    {
        var list = Native.NewList(null, partitions.Count);
        try
        {
            foreach (var partition in partitions) Native.Add(null, list, partition.Topic, partition.Partition.Value);
            Check(Native.Committed(null, _handle.DangerousGetHandle(), list, (nint)timeout.TotalMilliseconds));
            var offsets = new GroupOffset[partitions.Count];
            var entries = ((NativeList*)list)->Entries;
            for (var i = 0; i < offsets.Length; i++)
            {
                ref var entry = ref entries[i];
                Check(entry.Error);
                var metadata = entry.Metadata == 0 ? "" : Encoding.UTF8.GetString((byte*)entry.Metadata, checked((int)entry.MetadataSize));
                offsets[i] = new GroupOffset(partitions[i], entry.Offset < 0 ? Offset.Unset : new Offset(entry.Offset), metadata);
            }
            return offsets;
        }
        finally
        {
            Native.DestroyList(null, list);
        }
    }

    /// <summary>Commits all of <paramref name="offsets"/> in one request, as the member the consumer is now.</summary>
    /// <exception cref="KafkaException">The broker did not take all of them: the member's generation is over, a rebalance is under way,
    /// or no answer came in time. Any of them may have been taken.</exception>
    public unsafe void Commit(IReadOnlyList<GroupOffset> offsets, TimeSpan timeout)
    {
        var handle = _handle.DangerousGetHandle();
        var queue = Native.NewQueue(null, handle);
        try
        {
            Send(handle, offsets, queue);
            var answer = Native.Poll(null, queue, (int)timeout.TotalMilliseconds);
            if (answer == 0) throw new KafkaException(ErrorCode.Local_TimedOut);
            try
            {
                Check(Native.ErrorOf(null, answer));
                var list = (NativeList*)Native.ListOf(null, answer);
                for (var i = 0; list != null && i < list->Count; i++) Check(list->Entries[i].Error);
            }
            finally
            {
                Native.DestroyEvent(null, answer);
            }
        }
        finally
        {
            Native.DestroyQueue(null, queue);
        }
    }

    private static unsafe void Send(nint handle, IReadOnlyList<GroupOffset> offsets, nint queue)
    {
        var list = Native.NewList(null, offsets.Count);
        try
        {
            foreach (var offset in offsets)
            {
                var entry = (NativePartition*)Native.Add(null, list, offset.Partition.Topic, offset.Partition.Partition.Value);
                entry->Offset = offset.Offset.Value;
                if (offset.Metadata.Length == 0) continue;
                entry->MetadataSize = (nuint)Encoding.UTF8.GetByteCount(offset.Metadata);
                entry->Metadata = (nint)NativeMemory.Alloc(entry->MetadataSize);
                Encoding.UTF8.GetBytes(offset.Metadata, new Span<byte>((void*)entry->Metadata, (int)entry->MetadataSize));
            }
            // librdkafka copies the list, metadata included.
            Check(Native.CommitTo(null, handle, list, queue, null, 0));
        }
        finally
        {
            Release((NativeList*)list);
            Native.DestroyList(null, list);
        }
    }

    /// <summary>Takes back the metadata, so that librdkafka does not free memory it did not allocate.</summary>
    private static unsafe void Release(NativeList* list)
    {
        for (var i = 0; i < list->Count; i++)
        {
            ref var entry = ref list->Entries[i];
            NativeMemory.Free((void*)entry.Metadata);
            (entry.Metadata, entry.MetadataSize) = (0, 0);
        }
    }

    private static void Check(ErrorCode error)
    {
        if (error != ErrorCode.NoError) throw new KafkaException(error);
    }

    /// <summary>rd_kafka_topic_partition_t of rdkafka.h, part of its stable interface.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct NativePartition
    {
        public nint Topic;
        public int Partition;
        public long Offset;
        public nint Metadata;
        public nuint MetadataSize;
        public nint Opaque;
        public ErrorCode Error;
        public nint Private;
    }

    /// <summary>rd_kafka_topic_partition_list_t of rdkafka.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct NativeList
    {
        public int Count;
        public int Size;
        public NativePartition* Entries;
    }

    /// <summary>Confluent.Kafka's bindings; the first parameter of each only names the class.</summary>
    private static class Native
    {
        [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_LibrdkafkaHandle")]
        [return: UnsafeAccessorType("Confluent.Kafka.Impl.SafeKafkaHandle, Confluent.Kafka")]
        public static extern object LibrdkafkaHandle(Handle handle);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "topic_partition_list_new")]
        public static extern nint NewList([UnsafeAccessorType(Bindings)] object? bindings, nint size);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "topic_partition_list_add")]
        public static extern nint Add([UnsafeAccessorType(Bindings)] object? bindings, nint list, string topic, int partition);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "topic_partition_list_destroy")]
        public static extern void DestroyList([UnsafeAccessorType(Bindings)] object? bindings, nint list);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "committed")]
        public static extern ErrorCode Committed([UnsafeAccessorType(Bindings)] object? bindings, nint handle, nint list, nint timeoutMs);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "commit_queue")]
        public static extern ErrorCode CommitTo(
            [UnsafeAccessorType(Bindings)] object? bindings, nint handle, nint list, nint queue,
            [UnsafeAccessorType("Confluent.Kafka.Impl.Librdkafka+CommitDelegate, Confluent.Kafka")] object? callback, nint opaque);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "queue_new")]
        public static extern nint NewQueue([UnsafeAccessorType(Bindings)] object? bindings, nint handle);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "queue_poll")]
        public static extern nint Poll([UnsafeAccessorType(Bindings)] object? bindings, nint queue, int timeoutMs);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "queue_destroy")]
        public static extern void DestroyQueue([UnsafeAccessorType(Bindings)] object? bindings, nint queue);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "event_error")]
        public static extern ErrorCode ErrorOf([UnsafeAccessorType(Bindings)] object? bindings, nint answer);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "event_topic_partition_list")]
        public static extern nint ListOf([UnsafeAccessorType(Bindings)] object? bindings, nint answer);

        [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "event_destroy")]
        public static extern void DestroyEvent([UnsafeAccessorType(Bindings)] object? bindings, nint answer);
    }
}
