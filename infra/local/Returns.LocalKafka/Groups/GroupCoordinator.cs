using System.Collections.Concurrent;
using System.Globalization;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Storage;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Groups;

/// <summary>All consumer groups of the broker. Thread safe.</summary>
internal sealed class GroupCoordinator
{
    private const int MinSessionTimeoutMs = 100;
    private const int MaxSessionTimeoutMs = 30 * 60 * 1000;
    private readonly ConcurrentDictionary<string, ConsumerGroup> _groups = new(StringComparer.Ordinal);
    private readonly StateStore _state;
    private readonly TimeProvider _time;
    private readonly int _initialDelayMs;

    public GroupCoordinator(StateStore state, LocalKafkaOptions options)
    {
        _state = state;
        _time = options.Time;
        _initialDelayMs = (int)options.InitialRebalanceDelay.TotalMilliseconds;
        foreach (var (key, value) in state.Read(ConsumerGroup.GenerationKey))
            GetOrAdd(key[ConsumerGroup.GenerationKey.Length..]).Load(BitConverter.ToInt32(value));
        foreach (var (key, value) in state.Read(ConsumerGroup.OffsetKey))
        {
            var parts = key.Split('\0');
            GetOrAdd(parts[1]).Load(new TopicPartition(parts[2], Number(parts[3])), ConsumerGroup.Decode(value));
        }

        foreach (var (key, value) in state.Read(ConsumerGroup.PendingKey))
        {
            var parts = key.Split('\0');
            GetOrAdd(parts[1]).LoadPending(
                long.Parse(parts[2], CultureInfo.InvariantCulture), new TopicPartition(parts[3], Number(parts[4])), ConsumerGroup.Decode(value));
        }

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }

    public IEnumerable<ConsumerGroup> All => _groups.Values;

    // Milliseconds that only go forward.
    private long Now => _time.GetTimestamp() / (_time.TimestampFrequency / 1000);

    public ConsumerGroup? Find(string id) => _groups.GetValueOrDefault(id);

    public Task<JoinResult> Join(JoinCall call)
    {
        if (!IsValid(call.GroupId)) return Task.FromResult(JoinResult.Failed(ErrorCode.InvalidGroupId, call.MemberId));
        if (call.SessionTimeoutMs is < MinSessionTimeoutMs or > MaxSessionTimeoutMs)
            return Task.FromResult(JoinResult.Failed(ErrorCode.InvalidSessionTimeout, call.MemberId));
        if (call.MemberId.Length > 0 && Find(call.GroupId) is null) return Task.FromResult(JoinResult.Failed(ErrorCode.UnknownMemberId, call.MemberId));
        return GetOrAdd(call.GroupId).Join(call, Now);
    }

    public Task<SyncResult> Sync(string groupId, MemberIdentity who, string? protocolType, string? protocol, IReadOnlyList<(string Member, byte[] Assignment)> assignments) =>
        Find(groupId)?.Sync(who, protocolType, protocol, assignments, Now) ?? Task.FromResult(SyncResult.Failed(ErrorCode.UnknownMemberId));

    public ErrorCode Heartbeat(string groupId, MemberIdentity who) => Find(groupId)?.Heartbeat(who, Now) ?? ErrorCode.UnknownMemberId;

    public ErrorCode Leave(string groupId, string memberId, string? instanceId) => Find(groupId)?.Leave(memberId, instanceId, Now) ?? ErrorCode.UnknownMemberId;

    /// <exception cref="IOException">The disk refused; nothing is committed.</exception>
    public ErrorCode Commit(string groupId, MemberIdentity who, IReadOnlyList<OffsetToCommit> offsets)
    {
        if (!IsValid(groupId)) return ErrorCode.InvalidGroupId;
        if (Find(groupId) is null && who.Generation >= 0) return ErrorCode.IllegalGeneration;
        return GetOrAdd(groupId).Commit(who, offsets, Now);
    }

    /// <exception cref="IOException">The disk refused; nothing is kept.</exception>
    public ErrorCode CommitPending(string groupId, MemberIdentity who, long producerId, IReadOnlyList<OffsetToCommit> offsets)
    {
        if (!IsValid(groupId)) return ErrorCode.InvalidGroupId;
        if (Find(groupId) is null && who.Generation >= 0) return ErrorCode.IllegalGeneration;
        return GetOrAdd(groupId).CommitPending(who, producerId, offsets);
    }

    /// <exception cref="IOException">The disk refused; nothing has changed.</exception>
    public ErrorCode Delete(string groupId)
    {
        if (Find(groupId) is not { } group) return ErrorCode.GroupIdNotFound;
        var error = group.Delete();
        if (error == ErrorCode.None) _groups.TryRemove(groupId, out _);
        return error;
    }

    /// <exception cref="IOException">The disk refused; some groups may still know the topic.</exception>
    public void ForgetTopic(string topic)
    {
        foreach (var group in _groups.Values) group.ForgetTopic(topic);
    }

    public void Tick()
    {
        var now = Now;
        foreach (var (_, group) in _groups) group.Tick(now);
    }

    // A zero character separates the parts of a key in the state store.
    public static bool IsValid(string groupId) => groupId.Length > 0 && !groupId.Contains('\0', StringComparison.Ordinal);

    public ConsumerGroup GetOrAdd(string id) => _groups.GetOrAdd(id, static (key, self) => new ConsumerGroup(key, self._state, self._initialDelayMs), this);
}
