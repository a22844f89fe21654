namespace Returns.Domain.Channels;

/// <summary>
/// What is left of each resale channel's capacity, and what the next unit of it is worth. Routing takes it as a struct
/// type argument, so that the calls are inlined and <see cref="UnlimitedCapacity"/> costs nothing.
/// </summary>
public interface IChannelCapacity
{
    /// <summary>True where the channel with this index can take one more unit.</summary>
    bool HasRoom(int channel);

    /// <summary>
    /// Value of the next unit of the channel's capacity, in ten-thousandths of the channel's currency, at least 0. Choosing
    /// by value subtracts it.
    /// </summary>
    long BidPrice(int channel);
}

/// <summary>Channels that never fill up.</summary>
public readonly struct UnlimitedCapacity : IChannelCapacity
{
    /// <inheritdoc/>
    public bool HasRoom(int channel) => true;

    /// <inheritdoc/>
    public long BidPrice(int channel) => 0;
}
