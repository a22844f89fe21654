namespace Returns.Streams.Windows;

/// <summary>What a window gathers, and how it is kept as bytes.</summary>
/// <typeparam name="TState">What is gathered; a struct, or a class whose instance is used for every window by turns.</typeparam>
/// <typeparam name="TInput">What a record adds.</typeparam>
public interface IAggregate<TState, TInput>
{
    /// <summary>Reads what <see cref="Write"/> wrote, or makes a state to which nothing was added where there are no bytes.</summary>
    /// <param name="bytes">The bytes; they hold until this call returns.</param>
    /// <param name="state">What was used before, to be used again or replaced.</param>
    void Read(ReadOnlySpan<byte> bytes, ref TState state);

    /// <summary>Adds an input. To be the same whatever the order of inputs, or a replay that mixes partitions otherwise gives
    /// other figures.</summary>
    void Add(ref TState state, in TInput input);

    /// <summary>As many bytes as <see cref="Write"/> will need, or a few more.</summary>
    int SizeOf(in TState state);

    /// <summary>Writes the state, and says how many bytes that took: one at least.</summary>
    int Write(in TState state, Span<byte> into);
}
