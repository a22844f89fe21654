using Confluent.Kafka;

namespace Returns.Streams.Kafka;

/// <summary>What is left to do after an error of a transactional producer.</summary>
internal enum TransactionFault
{
    /// <summary>The same call again.</summary>
    Retry,

    /// <summary>Abort, take back, process again.</summary>
    Abort,

    /// <summary>The member of the group that the tasks were given to is gone: abort, drop them, join anew.</summary>
    Rejoin,

    /// <summary>The producer is of no use any more, and what became of its transaction is for the broker to say.</summary>
    Fatal,
}

/// <summary>An error of a transactional producer.</summary>
internal sealed class TransactionException(TransactionFault fault, string message, ErrorCode code) : Exception(message)
{
    public TransactionFault Fault => fault;

    public bool Fenced => code is ErrorCode.Local_Fenced or ErrorCode.ProducerFenced or ErrorCode.InvalidProducerEpoch;

    /// <summary>Makes it of a native error, and frees that.</summary>
    public static TransactionException Take(nint error)
    {
        var fault = Librdkafka.IsFatal(null, error) ? TransactionFault.Fatal
            : Librdkafka.RequiresAbort(null, error) ? TransactionFault.Abort
            : Librdkafka.IsRetriable(null, error) ? TransactionFault.Retry
            : TransactionFault.Fatal;
        var code = Librdkafka.ErrorCodeOf(null, error);
        var made = new TransactionException(fault, $"{Librdkafka.ErrorText(null, error)} ({code})", code);
        Librdkafka.DestroyError(null, error);
        return made;
    }

    public static TransactionException Of(KafkaException error)
    {
        var fault = error.Error.IsFatal ? TransactionFault.Fatal : error switch
        {
            KafkaTxnRequiresAbortException => TransactionFault.Abort,
            KafkaRetriableException => TransactionFault.Retry,
            _ => error.Error.Code == ErrorCode.Local_TimedOut ? TransactionFault.Retry : TransactionFault.Fatal,
        };
        return new TransactionException(fault, $"{error.Error.Reason} ({error.Error.Code})", error.Error.Code);
    }
}
