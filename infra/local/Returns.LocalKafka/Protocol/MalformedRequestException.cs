namespace Returns.LocalKafka.Protocol;

/// <summary>The bytes of a frame are not the request its header says. The connection cannot go on.</summary>
internal sealed class MalformedRequestException(string message) : Exception(message);
