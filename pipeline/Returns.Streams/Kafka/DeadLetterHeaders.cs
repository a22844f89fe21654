namespace Returns.Streams.Kafka;

/// <summary>
/// The headers of a dead letter, each UTF-8 text, behind those that the record itself had: the last of a name counts. Key and
/// value are the record's own bytes. A record of a follower that had to wait has neither headers nor timestamp here. A processor that throws has
/// <see cref="ProcessorFailed"/> as the error class, one that came after its windows' retention <see cref="Rejection.TooLate"/> or
/// <see cref="Rejection.PartlyTooLate"/>; every other class is the decoder's or the processor's own.
/// </summary>
public static class DeadLetterHeaders
{
    /// <summary>The topic that the record was read from.</summary>
    public const string SourceTopic = "source.topic";

    /// <summary>Its partition, in decimal.</summary>
    public const string SourcePartition = "source.partition";

    /// <summary>Its offset, in decimal.</summary>
    public const string SourceOffset = "source.offset";

    /// <summary>Its timestamp, in decimal milliseconds since the epoch; missing where it has none.</summary>
    public const string SourceTimestamp = "source.timestamp";

    /// <summary>One of few names: <see cref="Rejection.ErrorClass"/>.</summary>
    public const string ErrorClass = "error.class";

    /// <summary>What is wrong, for a person; cut at <see cref="MaxMessageBytes"/> bytes.</summary>
    public const string ErrorMessage = "error.message";

    /// <summary>The error class of a record on which the processor threw.</summary>
    public const string ProcessorFailed = "ProcessorFailed";

    /// <summary>The longest message, in bytes, so that a dead letter is little larger than its record.</summary>
    public const int MaxMessageBytes = 4096;
}
