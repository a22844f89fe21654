namespace Returns.LocalKafka.Storage;

/// <summary>A long poll that waits for any of its partitions to grow. One per connection, reused.</summary>
internal sealed class FetchWaiter : IDisposable
{
    private readonly SemaphoreSlim _signal = new(0);

    public void Signal()
    {
        // Two at once may both release; a spare permit costs one look at the partitions and nothing else.
        if (_signal.CurrentCount == 0) _signal.Release();
    }

    /// <summary>Waits for a signal; false when the time passed without one.</summary>
    public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken stop) => _signal.WaitAsync(timeout, stop);

    public void Dispose() => _signal.Dispose();
}
