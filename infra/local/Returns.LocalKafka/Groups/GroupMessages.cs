using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Groups;

/// <summary>A JoinGroup request. Timeouts in milliseconds.</summary>
/// <param name="MemberIdRequired">The client knows that it may be sent back for a member id (version 4 and later).</param>
/// <param name="SkipsAssignment">The client can be leader without assigning (version 9 and later).</param>
internal sealed record JoinCall(
    string GroupId, string MemberId, string? InstanceId, string ClientId, string ClientHost, int SessionTimeoutMs, int RebalanceTimeoutMs,
    string ProtocolType, IReadOnlyList<MemberProtocol> Protocols, bool MemberIdRequired, bool SkipsAssignment);

internal sealed record JoinResult(
    ErrorCode Error, int Generation, string? ProtocolType, string? Protocol, string Leader, string MemberId, IReadOnlyList<JoinedMember> Members, bool SkipAssignment = false)
{
    public static JoinResult Failed(ErrorCode error, string memberId) => new(error, -1, null, null, "", memberId, []);
}

internal readonly record struct JoinedMember(string Id, string? InstanceId, byte[] Metadata);

internal sealed record SyncResult(ErrorCode Error, string? ProtocolType, string? Protocol, byte[] Assignment)
{
    public static SyncResult Failed(ErrorCode error) => new(error, null, null, []);
}

/// <summary>Who asks: what fences a zombie of the group. Generation -1 and an empty member stand outside the group's protocol.</summary>
internal readonly record struct MemberIdentity(int Generation, string MemberId, string? InstanceId)
{
    public bool IsNamed => Generation >= 0 || MemberId.Length > 0 || InstanceId is not null;
}

/// <summary>A committed offset as it is kept.</summary>
internal readonly record struct CommittedOffset(long Offset, int LeaderEpoch, string Metadata);

internal readonly record struct OffsetToCommit(TopicPartition Partition, CommittedOffset Value);

internal sealed record GroupDescription(
    ErrorCode Error, string Id, string State, string ProtocolType, string Protocol, IReadOnlyList<MemberDescription> Members);

internal sealed record MemberDescription(string Id, string? InstanceId, string ClientId, string ClientHost, byte[] Metadata, byte[] Assignment);
