namespace Returns.LocalKafka.Groups;

/// <summary>One member of a consumer group. Guarded by its group's lock.</summary>
internal sealed class GroupMember(string id, string? instanceId)
{
    /// <summary>A static member that comes back gets a new id, which fences the one before.</summary>
    public string Id { get; set; } = id;

    public string? InstanceId { get; } = instanceId;

    public string ClientId { get; set; } = "";

    public string ClientHost { get; set; } = "";

    public int SessionTimeoutMs { get; set; }

    public int RebalanceTimeoutMs { get; set; }

    public IReadOnlyList<MemberProtocol> Protocols { get; set; } = [];

    public byte[] Assignment { get; set; } = [];

    /// <summary>Set while the member's JoinGroup waits for the others.</summary>
    public TaskCompletionSource<JoinResult>? Joining { get; set; }

    /// <summary>Set while the member's SyncGroup waits for the leader's assignment.</summary>
    public TaskCompletionSource<SyncResult>? Syncing { get; set; }

    /// <summary>When the session runs out unless the member is heard of, on the coordinator's clock in milliseconds.</summary>
    public long Deadline { get; set; }

    public bool IsWaiting => Joining is not null || Syncing is not null;

    public byte[] MetadataOf(string? protocol)
    {
        foreach (var candidate in Protocols)
        {
            if (candidate.Name == protocol) return candidate.Metadata;
        }

        return [];
    }

    public bool Supports(string protocol)
    {
        foreach (var candidate in Protocols)
        {
            if (candidate.Name == protocol) return true;
        }

        return false;
    }

    public bool HasSameProtocols(IReadOnlyList<MemberProtocol> others)
    {
        if (Protocols.Count != others.Count) return false;
        for (var i = 0; i < others.Count; i++)
        {
            if (Protocols[i].Name != others[i].Name || !Protocols[i].Metadata.AsSpan().SequenceEqual(others[i].Metadata)) return false;
        }

        return true;
    }
}

/// <summary>An assignment protocol that a member offers, with its subscription. Opaque to the broker.</summary>
internal readonly record struct MemberProtocol(string Name, byte[] Metadata);
