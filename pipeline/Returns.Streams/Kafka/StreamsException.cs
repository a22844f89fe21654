namespace Returns.Streams.Kafka;

/// <summary>The application cannot go on. The message names the thing, its value and the way out; nothing that was read is
/// lost, as the next start goes on from the last commit.</summary>
public sealed class StreamsException(string message, Exception? inner = null) : Exception(message, inner);
