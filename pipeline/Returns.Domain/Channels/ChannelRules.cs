using Returns.Contracts;

namespace Returns.Domain.Channels;

/// <summary>The outlets of a rule set. Immutable; safe for concurrent use.</summary>
public sealed class ChannelRules
{
    private readonly Outlet[] _channels;
    private readonly Outlet?[] _dispositions;

    internal ChannelRules(Utf8 version, Outlet[] channels, Outlet?[] dispositions)
    {
        Version = version;
        _channels = channels;
        _dispositions = dispositions;
    }

    /// <summary>Version of the document.</summary>
    public Utf8 Version { get; }

    /// <summary>The resale channels, by <see cref="Outlet.Index"/>.</summary>
    public ReadOnlySpan<Outlet> Channels => _channels;

    /// <summary>The resale channel so named, or null.</summary>
    public Outlet? Find(ReadOnlySpan<byte> channel)
    {
        foreach (var outlet in _channels)
            if (outlet.Name.Span.SequenceEqual(channel)) return outlet;
        return null;
    }

    /// <summary>What a disposition other than resell brings and costs; null where the rules put no figures to it.</summary>
    public Outlet? Of(Disposition disposition) => _dispositions[(int)disposition];
}
