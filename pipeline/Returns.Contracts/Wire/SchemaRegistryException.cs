namespace Returns.Contracts.Wire;

/// <summary>The Schema Registry did not answer, or refused; the message names it, the request and the way out.</summary>
/// <remarks>Neither the message nor an inner exception holds the registry's password.</remarks>
public sealed class SchemaRegistryException(string message, Exception? inner = null) : Exception(message, inner);
