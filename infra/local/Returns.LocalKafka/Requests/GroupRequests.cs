using Returns.LocalKafka.Groups;
using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Requests;

/// <summary>Membership of consumer groups.</summary>
internal sealed class GroupRequests(GroupCoordinator groups)
{
    public async ValueTask<Outcome> JoinAsync(RequestContext request, CancellationToken stop)
    {
        var version = request.Version;
        var result = await groups.Join(ReadJoin(request)).WaitAsync(stop).ConfigureAwait(false);
        var w = request.Writer;
        if (version >= 2) w.Int32(0);
        w.Error(result.Error);
        w.Int32(result.Generation);
        if (version >= 7) w.String(result.ProtocolType);
        w.String(version >= 7 ? result.Protocol : result.Protocol ?? "");
        w.String(result.Leader);
        if (version >= 9) w.Boolean(result.SkipAssignment);
        w.String(result.MemberId);
        w.ArrayLength(result.Members.Count);
        foreach (var member in result.Members)
        {
            w.String(member.Id);
            if (version >= 5) w.String(member.InstanceId);
            w.Bytes(member.Metadata);
            w.Tags();
        }

        w.Tags();
        return Outcome.Respond;
    }

    public async ValueTask<Outcome> SyncAsync(RequestContext request, CancellationToken stop)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var group = r.String();
        var who = new MemberIdentity(r.Int32(), r.String(), version >= 3 ? r.NullableString() : null);
        var protocolType = version >= 5 ? r.NullableString() : null;
        var protocol = version >= 5 ? r.NullableString() : null;
        var assignments = new List<(string, byte[])>();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            assignments.Add((r.String(), r.Bytes().ToArray()));
            r.Tags();
        }

        var result = await groups.Sync(group, who, protocolType, protocol, assignments).WaitAsync(stop).ConfigureAwait(false);
        if (version >= 1) w.Int32(0);
        w.Error(result.Error);
        if (version >= 5)
        {
            w.String(result.ProtocolType);
            w.String(result.Protocol);
        }

        w.Bytes(result.Assignment);
        w.Tags();
        return Outcome.Respond;
    }

    public void Heartbeat(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var group = r.String();
        var who = new MemberIdentity(r.Int32(), r.String(), version >= 3 ? r.NullableString() : null);
        if (version >= 1) w.Int32(0);
        w.Error(groups.Heartbeat(group, who));
        w.Tags();
    }

    public void Leave(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var group = r.String();
        if (version >= 1) w.Int32(0);
        if (version < 3)
        {
            w.Error(groups.Leave(group, r.String(), null));
            w.Tags();
            return;
        }

        w.Error(ErrorCode.None);
        var count = Math.Max(r.ArrayLength(), 0);
        w.ArrayLength(count);
        for (; count > 0; count--)
        {
            var member = r.String();
            var instance = r.NullableString();
            if (version >= 5) r.NullableString();
            r.Tags();
            w.String(member);
            w.String(instance);
            w.Error(groups.Leave(group, member, instance));
            w.Tags();
        }

        w.Tags();
    }

    public void Describe(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var ids = r.NullableStringArray() ?? [];
        if (version >= 1) w.Int32(0);
        w.ArrayLength(ids.Length);
        foreach (var id in ids)
        {
            var group = groups.Find(id)?.Describe() ?? new GroupDescription(ErrorCode.None, id, nameof(GroupState.Dead), "", "", []);
            w.Error(group.Error);
            w.String(id);
            w.String(group.State);
            w.String(group.ProtocolType);
            w.String(group.Protocol);
            w.ArrayLength(group.Members.Count);
            foreach (var member in group.Members)
            {
                w.String(member.Id);
                if (version >= 4) w.String(member.InstanceId);
                w.String(member.ClientId);
                w.String(member.ClientHost);
                w.Bytes(member.Metadata);
                w.Bytes(member.Assignment);
                w.Tags();
            }

            if (version >= 3) w.Int32(int.MinValue);
            w.Tags();
        }

        w.Tags();
    }

    public void List(RequestContext request)
    {
        var (r, w, version) = (request.Reader, request.Writer, request.Version);
        var states = version >= 4 ? r.NullableStringArray() ?? [] : [];
        var listed = groups.All.Select(group => group.Describe())
            .Where(group => states.Length == 0 || states.Contains(group.State, StringComparer.OrdinalIgnoreCase)).ToList();
        if (version >= 1) w.Int32(0);
        w.Error(ErrorCode.None);
        w.ArrayLength(listed.Count);
        foreach (var group in listed)
        {
            w.String(group.Id);
            w.String(group.ProtocolType);
            if (version >= 4) w.String(group.State);
            w.Tags();
        }

        w.Tags();
    }

    public void Delete(RequestContext request)
    {
        var w = request.Writer;
        var ids = request.Reader.NullableStringArray() ?? [];
        w.Int32(0);
        w.ArrayLength(ids.Length);
        foreach (var id in ids)
        {
            w.String(id);
            w.Error(StorageFault.Guard(() => groups.Delete(id)));
            w.Tags();
        }

        w.Tags();
    }

    private static JoinCall ReadJoin(RequestContext request)
    {
        var (r, version) = (request.Reader, request.Version);
        var group = r.String();
        var session = r.Int32();
        var rebalance = version >= 1 ? r.Int32() : session;
        var member = r.String();
        var instance = version >= 5 ? r.NullableString() : null;
        var protocolType = r.String();
        var protocols = new List<MemberProtocol>();
        for (var count = r.ArrayLength(); count > 0; count--)
        {
            protocols.Add(new MemberProtocol(r.String(), r.Bytes().ToArray()));
            r.Tags();
        }

        return new JoinCall(
            group, member, instance, request.ClientId, request.ClientHost, session, Math.Max(rebalance, 0), protocolType, protocols,
            MemberIdRequired: version >= 4, SkipsAssignment: version >= 9);
    }
}
