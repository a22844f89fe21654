using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Returns.Streams.Kafka;

/// <summary>
/// Confluent.Kafka's own bindings of librdkafka, called directly for what its types leave out: the metadata of offsets, and
/// reading and producing without an object per record. The first parameter of a static one only names the class. What the
/// bindings lack, reading in batches and producing to a topic's handle, is taken from the very library that they have loaded.
/// </summary>
internal static unsafe class Librdkafka
{
    private const string Bindings = "Confluent.Kafka.Impl.Librdkafka, Confluent.Kafka";

    /// <summary>RD_KAFKA_MSG_F_COPY: librdkafka copies key and value before it returns.</summary>
    public const int CopyPayload = 2;

    private static readonly nint Loaded = FindLoaded();

    /// <summary>rd_kafka_queue_get_consumer: the queue of a consumer, which is to be destroyed before the consumer is.</summary>
    public static readonly delegate* unmanaged[Cdecl]<nint, nint> QueueOfConsumer = (delegate* unmanaged[Cdecl]<nint, nint>)NativeLibrary.GetExport(Loaded, "rd_kafka_queue_get_consumer");

    /// <summary>rd_kafka_queue_destroy.</summary>
    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyQueue = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(Loaded, "rd_kafka_queue_destroy");

    /// <summary>rd_kafka_consume_batch_queue: queue, milliseconds to wait, messages, how many at most; how many there are, or -1.</summary>
    public static readonly delegate* unmanaged[Cdecl]<nint, int, nint*, nuint, nint> ConsumeBatch = (delegate* unmanaged[Cdecl]<nint, int, nint*, nuint, nint>)NativeLibrary.GetExport(Loaded, "rd_kafka_consume_batch_queue");

    /// <summary>rd_kafka_message_destroy.</summary>
    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyMessage = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(Loaded, "rd_kafka_message_destroy");

    /// <summary>rd_kafka_message_headers: the headers of a message, which stay its own; an error where it has none.</summary>
    public static readonly delegate* unmanaged[Cdecl]<nint, nint*, ErrorCode> HeadersOf = (delegate* unmanaged[Cdecl]<nint, nint*, ErrorCode>)NativeLibrary.GetExport(Loaded, "rd_kafka_message_headers");

    /// <summary>rd_kafka_headers_copy: headers that are the caller's to destroy, or to produce.</summary>
    public static readonly delegate* unmanaged[Cdecl]<nint, nint> CopyHeaders = (delegate* unmanaged[Cdecl]<nint, nint>)NativeLibrary.GetExport(Loaded, "rd_kafka_headers_copy");

    /// <summary>rd_kafka_topic_new: client, name, no configuration of its own; a handle to be destroyed before the client is.</summary>
    public static readonly delegate* unmanaged[Cdecl]<nint, byte*, nint, nint> NewTopic = (delegate* unmanaged[Cdecl]<nint, byte*, nint, nint>)NativeLibrary.GetExport(Loaded, "rd_kafka_topic_new");

    /// <summary>rd_kafka_topic_destroy.</summary>
    public static readonly delegate* unmanaged[Cdecl]<nint, void> DestroyTopic = (delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(Loaded, "rd_kafka_topic_destroy");

    /// <summary>rd_kafka_produce: topic, partition, flags, value and its length, key and its length, opaque; 0, or -1 and <see cref="LastError"/>.</summary>
    public static readonly delegate* unmanaged[Cdecl]<nint, int, int, void*, nuint, void*, nuint, nint, int> Produce = (delegate* unmanaged[Cdecl]<nint, int, int, void*, nuint, void*, nuint, nint, int>)NativeLibrary.GetExport(Loaded, "rd_kafka_produce");

    /// <summary>rd_kafka_last_error: of this thread.</summary>
    public static readonly delegate* unmanaged[Cdecl]<ErrorCode> LastError = (delegate* unmanaged[Cdecl]<ErrorCode>)NativeLibrary.GetExport(Loaded, "rd_kafka_last_error");

    /// <summary>The native handle of a client. It is valid for as long as the client is not disposed.</summary>
    public static nint HandleOf(IClient client) => ((SafeHandle)SafeHandleOf(client.Handle)).DangerousGetHandle();

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_LibrdkafkaHandle")]
    [return: UnsafeAccessorType("Confluent.Kafka.Impl.SafeKafkaHandle, Confluent.Kafka")]
    private static extern object SafeHandleOf(Handle handle);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "consumer_poll")]
    public static extern nint ConsumerPoll([UnsafeAccessorType(Bindings)] object? bindings, nint consumer, nint timeoutMs);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "message_timestamp")]
    public static extern long Timestamp([UnsafeAccessorType(Bindings)] object? bindings, nint message, out int type);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "topic_name")]
    public static extern nint TopicName([UnsafeAccessorType(Bindings)] object? bindings, nint topic);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "produceva")]
    public static extern ErrorCode ProduceWithHeaders(
        [UnsafeAccessorType(Bindings)] object? bindings, nint producer, string topic, int partition, int flags,
        nint value, nuint valueLength, nint key, nuint keyLength, long timestamp, nint headers, nint opaque);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "headers_new")]
    public static extern nint NewHeaders([UnsafeAccessorType(Bindings)] object? bindings, nint count);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "headers_add")]
    public static extern ErrorCode AddHeader([UnsafeAccessorType(Bindings)] object? bindings, nint headers, nint name, nint nameLength, nint value, nint valueLength);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "headers_destroy")]
    public static extern void DestroyHeaders([UnsafeAccessorType(Bindings)] object? bindings, nint headers);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "topic_partition_list_new")]
    public static extern nint NewList([UnsafeAccessorType(Bindings)] object? bindings, nint size);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "topic_partition_list_add")]
    public static extern nint Add([UnsafeAccessorType(Bindings)] object? bindings, nint list, string topic, int partition);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "topic_partition_list_destroy")]
    public static extern void DestroyList([UnsafeAccessorType(Bindings)] object? bindings, nint list);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "committed")]
    public static extern ErrorCode Committed([UnsafeAccessorType(Bindings)] object? bindings, nint consumer, nint list, nint timeoutMs);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "send_offsets_to_transaction")]
    public static extern nint SendOffsets([UnsafeAccessorType(Bindings)] object? bindings, nint producer, nint list, nint groupMetadata, nint timeoutMs);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "consumer_group_metadata")]
    public static extern nint GroupMetadata([UnsafeAccessorType(Bindings)] object? bindings, nint consumer);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "consumer_group_metadata_destroy")]
    public static extern void DestroyGroupMetadata([UnsafeAccessorType(Bindings)] object? bindings, nint groupMetadata);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "error_code")]
    public static extern ErrorCode ErrorCodeOf([UnsafeAccessorType(Bindings)] object? bindings, nint error);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "error_string")]
    public static extern string ErrorText([UnsafeAccessorType(Bindings)] object? bindings, nint error);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "error_is_fatal")]
    public static extern bool IsFatal([UnsafeAccessorType(Bindings)] object? bindings, nint error);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "error_is_retriable")]
    public static extern bool IsRetriable([UnsafeAccessorType(Bindings)] object? bindings, nint error);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "error_txn_requires_abort")]
    public static extern bool RequiresAbort([UnsafeAccessorType(Bindings)] object? bindings, nint error);

    [UnsafeAccessor(UnsafeAccessorKind.StaticMethod, Name = "error_destroy")]
    public static extern void DestroyError([UnsafeAccessorType(Bindings)] object? bindings, nint error);

    // Which of the builds that come with the package fits the system is Confluent.Kafka's choice, and it knows their names.
    private static nint FindLoaded()
    {
        if (!Library.IsLoaded)
        {
            Library.Load();
        }
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        foreach (System.Diagnostics.ProcessModule module in process.Modules)
        {
            if (module.ModuleName.Contains("librdkafka", StringComparison.OrdinalIgnoreCase))
            {
                return NativeLibrary.Load(module.FileName);
            }
        }
        throw new DllNotFoundException("librdkafka is not among the modules of this process, although Confluent.Kafka has loaded it");
    }

    /// <summary>rd_kafka_message_t of rdkafka.h, part of its stable interface.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public ErrorCode Error;
        public nint Topic;
        public int Partition;
        public nint Value;
        public nuint ValueLength;
        public nint Key;
        public nuint KeyLength;
        public long Offset;
        public nint Private;
    }

    /// <summary>rd_kafka_topic_partition_t of rdkafka.h, part of its stable interface.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PartitionEntry
    {
        public nint Topic;
        public int Partition;
        public long Offset;
        public nint Metadata;
        public nuint MetadataLength;
        public nint Opaque;
        public ErrorCode Error;
        public nint Private;
    }

    /// <summary>rd_kafka_topic_partition_list_t of rdkafka.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PartitionList
    {
        public int Count;
        public int Size;
        public PartitionEntry* Entries;
    }
}
