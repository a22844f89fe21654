namespace Returns.LocalKafka.Requests;

/// <summary>What clients are told about the one node of this cluster.</summary>
internal sealed record BrokerIdentity(string ClusterId, string Host, int Port)
{
    public const int NodeId = 1;
}
