using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Returns.LocalKafka.Protocol;
using Returns.LocalKafka.Storage;
using Returns.LocalKafka.Topics;

namespace Returns.LocalKafka.Groups;

/// <summary>The states of a classic group.</summary>
internal enum GroupState
{
    /// <summary>No members; it may have offsets.</summary>
    Empty,

    /// <summary>Members are asked to join again, and awaited.</summary>
    PreparingRebalance,

    /// <summary>A generation has begun; its leader's assignment is awaited.</summary>
    CompletingRebalance,

    /// <summary>Every member has its assignment.</summary>
    Stable,

    /// <summary>Deleted.</summary>
    Dead,
}

/// <summary>One classic consumer group: membership, generations, committed and pending offsets. Thread safe.</summary>
/// <remarks>
/// Follows Apache Kafka's classic GroupCoordinator. Offsets and the generation number are durable; members are not, and
/// after a restart they are told UNKNOWN_MEMBER_ID and join again.
/// </remarks>
internal sealed class ConsumerGroup(string id, StateStore state, int initialDelayMs)
{
    public const string GenerationKey = "group\0";
    public const string OffsetKey = "offset\0";
    public const string PendingKey = "pending\0";
    private readonly Lock _lock = new();
    private readonly Dictionary<string, GroupMember> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _static = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _promised = new(StringComparer.Ordinal);
    private readonly Dictionary<TopicPartition, CommittedOffset> _offsets = [];
    private readonly Dictionary<long, Dictionary<TopicPartition, CommittedOffset>> _pending = [];
    private GroupState _state = GroupState.Empty;
    private int _generation;
    private string? _protocolType;
    private string? _protocol;
    private string? _leader;
    private long _deadline;

    public string Id { get; } = id;

    // Replay at start, before anyone else sees the group.
    public void Load(int generation) => _generation = generation;

    public void Load(TopicPartition partition, CommittedOffset offset) => _offsets[partition] = offset;

    public void LoadPending(long producerId, TopicPartition partition, CommittedOffset offset) => PendingOf(producerId)[partition] = offset;

    /// <summary>Joins; the task ends when the generation begins, or with the error.</summary>
    public Task<JoinResult> Join(JoinCall call, long now)
    {
        lock (_lock)
        {
            if (_state == GroupState.Dead) return Failed(ErrorCode.CoordinatorNotAvailable);
            if (call.Protocols.Count == 0 || call.ProtocolType.Length == 0) return Failed(ErrorCode.InconsistentGroupProtocol);
            if (_members.Count > 0 && (call.ProtocolType != _protocolType || !HasCommonProtocol(call))) return Failed(ErrorCode.InconsistentGroupProtocol);
            return call.MemberId.Length == 0 ? JoinNew(call, now) : JoinKnown(call, now);
        }

        Task<JoinResult> Failed(ErrorCode error) => Task.FromResult(JoinResult.Failed(error, call.MemberId));
    }

    /// <summary>Takes the leader's assignment, or waits for it.</summary>
    public Task<SyncResult> Sync(MemberIdentity who, string? protocolType, string? protocol, IReadOnlyList<(string Member, byte[] Assignment)> assignments, long now)
    {
        lock (_lock)
        {
            if (Check(who) is var error && error != ErrorCode.None) return Task.FromResult(SyncResult.Failed(error));
            if ((protocolType is not null && protocolType != _protocolType) || (protocol is not null && protocol != _protocol))
                return Task.FromResult(SyncResult.Failed(ErrorCode.InconsistentGroupProtocol));
            var member = _members[who.MemberId];
            Touch(member, now);
            switch (_state)
            {
                case GroupState.PreparingRebalance:
                    return Task.FromResult(SyncResult.Failed(ErrorCode.RebalanceInProgress));
                case GroupState.Stable:
                    return Task.FromResult(new SyncResult(ErrorCode.None, _protocolType, _protocol, member.Assignment));
                default:
                    member.Syncing?.TrySetResult(SyncResult.Failed(ErrorCode.RebalanceInProgress));
                    member.Syncing = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    var task = member.Syncing.Task;
                    if (member.Id == _leader) Assign(assignments, now);
                    return task;
            }
        }
    }

    public ErrorCode Heartbeat(MemberIdentity who, long now)
    {
        lock (_lock)
        {
            if (Check(who) is var error && error != ErrorCode.None) return error;
            Touch(_members[who.MemberId], now);
            return _state == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
        }
    }

    /// <summary>Removes a member by its id, or a static one by its instance.</summary>
    public ErrorCode Leave(string memberId, string? instanceId, long now)
    {
        lock (_lock)
        {
            if (_state == GroupState.Dead) return ErrorCode.UnknownMemberId;
            if (instanceId is not null)
            {
                if (!_static.TryGetValue(instanceId, out var current)) return ErrorCode.UnknownMemberId;
                if (memberId.Length > 0 && memberId != current) return ErrorCode.FencedInstanceId;
                memberId = current;
            }

            if (_promised.Remove(memberId))
            {
                CompleteJoinIfAllHere(now);
                return ErrorCode.None;
            }

            if (!_members.TryGetValue(memberId, out var member)) return ErrorCode.UnknownMemberId;
            Remove(member, now);
            return ErrorCode.None;
        }
    }

    /// <summary>Sessions, rebalances and promised member ids that ran out by now.</summary>
    public void Tick(long now)
    {
        lock (_lock)
        {
            if (_members.Count == 0 && _promised.Count == 0) return;
            List<GroupMember>? gone = null;
            foreach (var member in _members.Values)
            {
                if (!member.IsWaiting && member.Deadline <= now) (gone ??= []).Add(member);
            }

            foreach (var member in gone ?? []) Remove(member, now);
            var unkept = false;
            foreach (var (promised, deadline) in _promised)
            {
                if (deadline <= now) unkept |= _promised.Remove(promised);
            }

            if (unkept) CompleteJoinIfAllHere(now);
            if (_deadline > now) return;
            if (_state == GroupState.PreparingRebalance) CompleteJoin(now);
            else if (_state == GroupState.CompletingRebalance) ExpelUnsynced(now);
        }
    }

    /// <summary>Commits offsets outside a transaction.</summary>
    /// <exception cref="IOException">The disk refused; nothing is committed.</exception>
    public ErrorCode Commit(MemberIdentity who, IReadOnlyList<OffsetToCommit> offsets, long now)
    {
        lock (_lock)
        {
            if (_state == GroupState.Dead) return ErrorCode.UnknownMemberId;
            if (who.Generation < 0 && _state == GroupState.Empty)
            {
                // A client that uses the group for its offsets only.
            }
            else
            {
                if (Check(who) is var error && error != ErrorCode.None) return error;
                if (_state == GroupState.CompletingRebalance) return ErrorCode.RebalanceInProgress;
                Touch(_members[who.MemberId], now);
            }

            var changes = new StateChange[offsets.Count];
            for (var i = 0; i < changes.Length; i++) changes[i] = new StateChange(KeyOf(offsets[i].Partition), Encode(offsets[i].Value));
            state.Apply(changes);
            foreach (var offset in offsets) _offsets[offset.Partition] = offset.Value;
            return ErrorCode.None;
        }
    }

    /// <summary>Keeps offsets until their transaction ends. The transaction has been checked.</summary>
    /// <exception cref="IOException">The disk refused; nothing is kept.</exception>
    public ErrorCode CommitPending(MemberIdentity who, long producerId, IReadOnlyList<OffsetToCommit> offsets)
    {
        lock (_lock)
        {
            if (_state == GroupState.Dead) return ErrorCode.UnknownMemberId;
            if (who.IsNamed && Check(who) is var error && error != ErrorCode.None) return error;
            var changes = new StateChange[offsets.Count];
            for (var i = 0; i < changes.Length; i++) changes[i] = new StateChange(PendingKeyOf(producerId, offsets[i].Partition), Encode(offsets[i].Value));
            state.Apply(changes);
            var pending = PendingOf(producerId);
            foreach (var offset in offsets) pending[offset.Partition] = offset.Value;
            return ErrorCode.None;
        }
    }

    /// <summary>Makes the pending offsets of a producer the committed ones, or drops them. Doing it twice does no harm.</summary>
    /// <exception cref="IOException">The disk refused; nothing has changed.</exception>
    public void EndTransaction(long producerId, bool commit)
    {
        lock (_lock)
        {
            if (!_pending.TryGetValue(producerId, out var pending)) return;
            var changes = new List<StateChange>(pending.Count * 2);
            foreach (var (partition, offset) in pending)
            {
                changes.Add(new StateChange(PendingKeyOf(producerId, partition), null));
                if (commit) changes.Add(new StateChange(KeyOf(partition), Encode(offset)));
            }

            state.Apply([.. changes]);
            _pending.Remove(producerId);
            if (!commit) return;
            foreach (var (partition, offset) in pending) _offsets[partition] = offset;
        }
    }

    /// <summary>The committed offset of a partition, and whether a transaction is about to change it.</summary>
    public CommittedOffset? Fetch(TopicPartition partition, out bool unstable)
    {
        lock (_lock)
        {
            unstable = false;
            foreach (var pending in _pending.Values) unstable |= pending.ContainsKey(partition);
            return _offsets.TryGetValue(partition, out var offset) ? offset : null;
        }
    }

    /// <summary>Every partition with a committed or pending offset.</summary>
    public List<TopicPartition> Partitions()
    {
        lock (_lock) return [.. _offsets.Keys.Union(_pending.Values.SelectMany(pending => pending.Keys))];
    }

    /// <summary>Deletes the offsets of partitions, unless a member is subscribed to their topic.</summary>
    /// <exception cref="IOException">The disk refused; nothing has changed.</exception>
    public ErrorCode DeleteOffset(TopicPartition partition)
    {
        lock (_lock)
        {
            if (_state is not (GroupState.Empty or GroupState.Dead) && IsSubscribed(partition.Topic)) return ErrorCode.GroupSubscribedToTopic;
            state.Apply(new StateChange(KeyOf(partition), null));
            _offsets.Remove(partition);
            return ErrorCode.None;
        }
    }

    /// <summary>Forgets a deleted topic.</summary>
    /// <exception cref="IOException">The disk refused; nothing has changed.</exception>
    public void ForgetTopic(string topic)
    {
        lock (_lock)
        {
            var changes = new List<StateChange>();
            foreach (var partition in _offsets.Keys.Where(partition => partition.Topic == topic)) changes.Add(new StateChange(KeyOf(partition), null));
            foreach (var (producer, pending) in _pending)
            {
                foreach (var partition in pending.Keys.Where(partition => partition.Topic == topic)) changes.Add(new StateChange(PendingKeyOf(producer, partition), null));
            }

            state.Apply([.. changes]);
            foreach (var partition in _offsets.Keys.Where(partition => partition.Topic == topic).ToList()) _offsets.Remove(partition);
            foreach (var pending in _pending.Values)
            {
                foreach (var partition in pending.Keys.Where(partition => partition.Topic == topic).ToList()) pending.Remove(partition);
            }
        }
    }

    /// <summary>Deletes an empty group with its offsets.</summary>
    /// <exception cref="IOException">The disk refused; nothing has changed.</exception>
    public ErrorCode Delete()
    {
        lock (_lock)
        {
            if (_state == GroupState.Dead) return ErrorCode.GroupIdNotFound;
            if (_state != GroupState.Empty || _promised.Count > 0) return ErrorCode.NonEmptyGroup;
            var changes = new List<StateChange> { new(GenerationKey + Id, null) };
            changes.AddRange(_offsets.Keys.Select(partition => new StateChange(KeyOf(partition), null)));
            foreach (var (producer, pending) in _pending) changes.AddRange(pending.Keys.Select(partition => new StateChange(PendingKeyOf(producer, partition), null)));
            state.Apply([.. changes]);
            _offsets.Clear();
            _pending.Clear();
            _state = GroupState.Dead;
            return ErrorCode.None;
        }
    }

    public GroupDescription Describe()
    {
        lock (_lock)
        {
            var shown = _state == GroupState.Stable;
            return new GroupDescription(
                ErrorCode.None, Id, _state.ToString(), _protocolType ?? "", shown ? _protocol ?? "" : "",
                [.. _members.Values.Select(m => new MemberDescription(m.Id, m.InstanceId, m.ClientId, m.ClientHost, shown ? m.MetadataOf(_protocol) : [], shown ? m.Assignment : []))]);
        }
    }

    public static byte[] Encode(CommittedOffset offset)
    {
        var bytes = new byte[12 + Encoding.UTF8.GetByteCount(offset.Metadata)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, offset.Offset);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), offset.LeaderEpoch);
        Encoding.UTF8.GetBytes(offset.Metadata, bytes.AsSpan(12));
        return bytes;
    }

    public static CommittedOffset Decode(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]), Encoding.UTF8.GetString(bytes[12..]));

    private static void Touch(GroupMember member, long now) => member.Deadline = now + member.SessionTimeoutMs;

    private string KeyOf(TopicPartition partition) => string.Create(CultureInfo.InvariantCulture, $"{OffsetKey}{Id}\0{partition.Topic}\0{partition.Partition}");

    private string PendingKeyOf(long producerId, TopicPartition partition) =>
        string.Create(CultureInfo.InvariantCulture, $"{PendingKey}{Id}\0{producerId}\0{partition.Topic}\0{partition.Partition}");

    private Dictionary<TopicPartition, CommittedOffset> PendingOf(long producerId)
    {
        if (!_pending.TryGetValue(producerId, out var pending)) _pending.Add(producerId, pending = []);
        return pending;
    }

    private ErrorCode Check(MemberIdentity who)
    {
        if (_state == GroupState.Dead) return ErrorCode.UnknownMemberId;
        if (who.InstanceId is not null)
        {
            if (!_static.TryGetValue(who.InstanceId, out var current)) return ErrorCode.UnknownMemberId;
            if (current != who.MemberId) return ErrorCode.FencedInstanceId;
        }

        if (!_members.ContainsKey(who.MemberId)) return ErrorCode.UnknownMemberId;
        return who.Generation == _generation ? ErrorCode.None : ErrorCode.IllegalGeneration;
    }

    private bool HasCommonProtocol(JoinCall call) =>
        call.Protocols.Any(protocol => _members.Values.All(member => member.Id == call.MemberId || member.Supports(protocol.Name)));

    private Task<JoinResult> JoinNew(JoinCall call, long now)
    {
        var id = (call.InstanceId ?? call.ClientId) + "-" + Guid.NewGuid();
        if (call.InstanceId is not null && _static.TryGetValue(call.InstanceId, out var old)) return ReplaceStatic(_members[old], id, call, now);
        if (call.InstanceId is null && call.MemberIdRequired)
        {
            _promised[id] = now + call.SessionTimeoutMs;
            return Task.FromResult(JoinResult.Failed(ErrorCode.MemberIdRequired, id));
        }

        return Add(id, call, now);
    }

    private Task<JoinResult> JoinKnown(JoinCall call, long now)
    {
        if (_promised.Remove(call.MemberId)) return Add(call.MemberId, call, now);
        if (call.InstanceId is not null)
        {
            if (!_static.TryGetValue(call.InstanceId, out var current)) return Task.FromResult(JoinResult.Failed(ErrorCode.UnknownMemberId, call.MemberId));
            if (current != call.MemberId) return Task.FromResult(JoinResult.Failed(ErrorCode.FencedInstanceId, call.MemberId));
        }

        if (!_members.TryGetValue(call.MemberId, out var member)) return Task.FromResult(JoinResult.Failed(ErrorCode.UnknownMemberId, call.MemberId));
        var same = member.HasSameProtocols(call.Protocols);
        // The same request again: its answer was lost. A leader in a stable group means to reassign.
        if (same && (_state == GroupState.CompletingRebalance || (_state == GroupState.Stable && member.Id != _leader)))
        {
            Touch(member, now);
            return Task.FromResult(ResultFor(member));
        }

        Update(member, call, now);
        var task = Await(member);
        if (_state == GroupState.PreparingRebalance) CompleteJoinIfAllHere(now);
        else PrepareRebalance(now);
        return task;
    }

    private Task<JoinResult> Add(string id, JoinCall call, long now)
    {
        var member = new GroupMember(id, call.InstanceId);
        var first = _members.Count == 0;
        _members.Add(id, member);
        if (call.InstanceId is not null) _static[call.InstanceId] = id;
        if (first) _protocolType = call.ProtocolType;
        _leader ??= id;
        Update(member, call, now);
        var task = Await(member);
        if (_state == GroupState.PreparingRebalance) CompleteJoinIfAllHere(now);
        else PrepareRebalance(now);
        return task;
    }

    private Task<JoinResult> ReplaceStatic(GroupMember member, string id, JoinCall call, long now)
    {
        var oldId = member.Id;
        member.Joining?.TrySetResult(JoinResult.Failed(ErrorCode.FencedInstanceId, oldId));
        member.Joining = null;
        member.Syncing?.TrySetResult(SyncResult.Failed(ErrorCode.FencedInstanceId));
        member.Syncing = null;
        _members.Remove(oldId);
        member.Id = id;
        _members.Add(id, member);
        _static[call.InstanceId!] = id;
        var wasLeader = _leader == oldId;
        if (wasLeader) _leader = id;
        Update(member, call, now);
        if (_state == GroupState.Stable && SelectProtocol() == _protocol)
        {
            // KIP-345: a restart within the session keeps its assignment. An older client must not take itself for the
            // leader, or it would assign from an empty list of members; so it is told the id it had before.
            var members = wasLeader && call.SkipsAssignment ? ResultFor(member).Members : [];
            return Task.FromResult(new JoinResult(
                ErrorCode.None, _generation, _protocolType, _protocol, wasLeader && !call.SkipsAssignment ? oldId : _leader!, id, members, wasLeader && call.SkipsAssignment));
        }

        var task = Await(member);
        if (_state == GroupState.PreparingRebalance) CompleteJoinIfAllHere(now);
        else PrepareRebalance(now);
        return task;
    }

    private static void Update(GroupMember member, JoinCall call, long now)
    {
        member.ClientId = call.ClientId;
        member.ClientHost = call.ClientHost;
        member.SessionTimeoutMs = call.SessionTimeoutMs;
        member.RebalanceTimeoutMs = call.RebalanceTimeoutMs;
        member.Protocols = call.Protocols;
        Touch(member, now);
    }

    private static Task<JoinResult> Await(GroupMember member)
    {
        member.Joining?.TrySetResult(JoinResult.Failed(ErrorCode.RebalanceInProgress, member.Id));
        member.Joining = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return member.Joining.Task;
    }

    private void PrepareRebalance(long now)
    {
        var initial = _state == GroupState.Empty;
        foreach (var member in _members.Values) EndSync(member, SyncResult.Failed(ErrorCode.RebalanceInProgress), now);
        _state = GroupState.PreparingRebalance;
        if (initial)
        {
            _deadline = now + initialDelayMs;
            if (initialDelayMs == 0) CompleteJoin(now);
            return;
        }

        _deadline = now + _members.Values.Max(member => member.RebalanceTimeoutMs);
        CompleteJoinIfAllHere(now);
    }

    private void CompleteJoinIfAllHere(long now)
    {
        // A group's first generation waits out its delay.
        if (_state != GroupState.PreparingRebalance || (_protocol is null && _deadline > now)) return;
        if (_promised.Count == 0 && _members.Values.All(member => member.Joining is not null)) CompleteJoin(now);
    }

    private void CompleteJoin(long now)
    {
        foreach (var absent in _members.Values.Where(member => member.Joining is null && member.InstanceId is null).ToList()) Drop(absent);
        if (_members.Count == 0)
        {
            BecomeEmpty();
            return;
        }

        _generation++;
        _protocol = SelectProtocol();
        if (_leader is null || !_members.TryGetValue(_leader, out var leader) || leader.Joining is null)
            _leader = (_members.Values.FirstOrDefault(member => member.Joining is not null) ?? _members.Values.First()).Id;
        SaveGeneration();
        _state = GroupState.CompletingRebalance;
        _deadline = now + _members.Values.Max(member => member.RebalanceTimeoutMs);
        foreach (var member in _members.Values)
        {
            if (member.Joining is null) continue;
            Touch(member, now);
            var joining = member.Joining;
            member.Joining = null;
            joining.TrySetResult(ResultFor(member));
        }
    }

    private void Assign(IReadOnlyList<(string Member, byte[] Assignment)> assignments, long now)
    {
        foreach (var member in _members.Values) member.Assignment = [];
        foreach (var (id, assignment) in assignments)
        {
            if (_members.TryGetValue(id, out var member)) member.Assignment = assignment;
        }

        _state = GroupState.Stable;
        _deadline = long.MaxValue;
        foreach (var member in _members.Values) EndSync(member, new SyncResult(ErrorCode.None, _protocolType, _protocol, member.Assignment), now);
    }

    private void ExpelUnsynced(long now)
    {
        var late = _members.Values.Where(member => member.Syncing is null).ToList();
        foreach (var member in late) Drop(member);
        if (_members.Count == 0) BecomeEmpty();
        else PrepareRebalance(now);
    }

    private static void EndSync(GroupMember member, SyncResult result, long now)
    {
        if (member.Syncing is null) return;
        Touch(member, now);
        member.Syncing.TrySetResult(result);
        member.Syncing = null;
    }

    private void Remove(GroupMember member, long now)
    {
        Drop(member);
        if (_members.Count == 0 && _state != GroupState.PreparingRebalance) BecomeEmpty();
        else if (_state is GroupState.Stable or GroupState.CompletingRebalance) PrepareRebalance(now);
        else if (_members.Count == 0 && _promised.Count == 0) BecomeEmpty();
        else CompleteJoinIfAllHere(now);
    }

    private void Drop(GroupMember member)
    {
        member.Joining?.TrySetResult(JoinResult.Failed(ErrorCode.UnknownMemberId, member.Id));
        member.Joining = null;
        member.Syncing?.TrySetResult(SyncResult.Failed(ErrorCode.UnknownMemberId));
        member.Syncing = null;
        _members.Remove(member.Id);
        if (member.InstanceId is not null) _static.Remove(member.InstanceId);
        if (_leader == member.Id) _leader = null;
    }

    private void BecomeEmpty()
    {
        _state = GroupState.Empty;
        _protocol = null;
        _leader = null;
        _generation++;
        _deadline = long.MaxValue;
        SaveGeneration();
    }

    private void SaveGeneration()
    {
        try
        {
            state.Apply(new StateChange(GenerationKey + Id, BitConverter.GetBytes(_generation)));
        }
        catch (IOException)
        {
            // The number only has to grow. What is not on disk is fenced by the member ids, which no restart knows.
        }
    }

    private JoinResult ResultFor(GroupMember member) => new(
        ErrorCode.None, _generation, _protocolType, _protocol, _leader!, member.Id,
        member.Id == _leader ? [.. _members.Values.Select(m => new JoinedMember(m.Id, m.InstanceId, m.MetadataOf(_protocol)))] : []);

    // Each member votes for the first protocol in its list that all of them know.
    private string SelectProtocol()
    {
        var common = _members.Values.First().Protocols.Select(p => p.Name).Where(name => _members.Values.All(member => member.Supports(name))).ToHashSet(StringComparer.Ordinal);
        return _members.Values
            .Select(member => member.Protocols.First(protocol => common.Contains(protocol.Name)).Name)
            .GroupBy(name => name, StringComparer.Ordinal).OrderByDescending(votes => votes.Count()).First().Key;
    }

    // The consumer protocol's subscription: version, then the topics. Another protocol's bytes are not looked into.
    private bool IsSubscribed(string topic)
    {
        if (_protocolType != "consumer") return true;
        foreach (var member in _members.Values)
        {
            try
            {
                var metadata = member.MetadataOf(_protocol ?? member.Protocols[0].Name);
                var reader = new WireReader();
                reader.Reset(metadata, 0, metadata.Length);
                reader.Int16();
                for (var count = reader.ArrayLength(); count > 0; count--)
                {
                    if (reader.String() == topic) return true;
                }
            }
            catch (MalformedRequestException)
            {
                return true;
            }
        }

        return false;
    }
}
