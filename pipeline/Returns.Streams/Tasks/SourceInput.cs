namespace Returns.Streams.Tasks;

/// <summary>A task's end of a source: decodes into one reused message and hands it to the processor.</summary>
internal abstract class SourceInput
{
    /// <summary>Event time of the message decoded last.</summary>
    public long EventTime { get; protected set; }

    public abstract bool TryDecode(in InputRecord record, out Rejection rejection);

    /// <summary>Processes the message decoded last.</summary>
    public abstract void Process();
}

internal sealed class SourceInput<T>(IDecoder<T> decoder, IProcessor<T> processor) : SourceInput where T : class, new()
{
    private readonly T _message = new();

    public override bool TryDecode(in InputRecord record, out Rejection rejection)
    {
        var decoded = decoder.TryDecode(record, _message, out var eventTime, out rejection);
        EventTime = eventTime;
        return decoded;
    }

    public override void Process() => processor.Process(_message);
}
