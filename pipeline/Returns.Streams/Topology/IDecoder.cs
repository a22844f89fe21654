namespace Returns.Streams;

/// <summary>Makes a message of a record's bytes. Each task has its own, so it may keep buffers; one thread uses it at a time.</summary>
/// <typeparam name="T">The message, made once and filled again for each record.</typeparam>
public interface IDecoder<in T> where T : class
{
    /// <summary>Decodes a record into <paramref name="into"/>, whose earlier content is gone in any case.</summary>
    /// <param name="record">The record; its spans hold until this call returns, so what <paramref name="into"/> keeps is copied.</param>
    /// <param name="into">Receives the message.</param>
    /// <param name="eventTime">When it happened, by the payload; milliseconds since the epoch.</param>
    /// <param name="rejection">Why it is no such message.</param>
    /// <returns>False sends the record to the dead letters with <paramref name="rejection"/>, and the stream goes on.</returns>
    /// <exception cref="Exception">What is not the record's fault, such as a registry that is away: the stream stops and
    /// tries again, and the record is not dead-lettered.</exception>
    bool TryDecode(in InputRecord record, T into, out long eventTime, out Rejection rejection);
}

/// <summary>Writes a message as the value of a record. Each task has its own; one thread uses it at a time.</summary>
public interface IEncoder<in T> where T : class
{
    /// <summary>Encodes <paramref name="message"/>. The span holds until the next call.</summary>
    ReadOnlySpan<byte> Encode(T message);
}

/// <summary>Why a record cannot be processed.</summary>
/// <param name="ErrorClass">One of few names, such as <c>NotWireFormat</c>: it labels a metric and filters dead letters.</param>
/// <param name="Message">The thing, its value, and the way out.</param>
public readonly record struct Rejection(string ErrorClass, string Message)
{
    /// <summary>The error class of a record that came after the retention of every window it belongs to: it has changed nothing.</summary>
    public const string TooLate = "TooLate";

    /// <summary>The error class of a record that some of its windows took, and others, past their retention, did not: it is
    /// kept to be looked at, and to process it again would count it twice.</summary>
    public const string PartlyTooLate = "PartlyTooLate";
}
