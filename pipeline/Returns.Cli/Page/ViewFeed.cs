using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Returns.ClickHouse;
using Returns.Domain.Compliance;

namespace Returns.Cli.Page;

/// <summary>
/// One view, read from ClickHouse while somebody looks at it: one refresh for all viewers, however many there are.
/// </summary>
/// <remarks>
/// Safe across threads. The next refresh begins a pause after the one before has ended: a second, or four times as long as that
/// one took, so that a view never takes more than a fifth of ClickHouse's time. A viewer that is slow misses refreshes and is
/// sent the newest one; it holds up nobody.
/// </remarks>
internal sealed class ViewFeed(View view, ClickHouseHttp clickHouse, Func<IReadOnlyCollection<Agreement>> agreements, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private Look _look = new(null, default, null, null);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _refreshing;
    private int _viewers;

    /// <summary>What the view looks like: the figures as last read, and since when they are stale, and why, where they are.</summary>
    private sealed record Look(string? Figures, DateTimeOffset AsOf, DateTimeOffset? StaleSince, string? Reason);

    /// <summary>
    /// The view for one viewer: <c>figures</c> as they are read, <c>stale</c> where ClickHouse does not give them, and <c>alive</c>
    /// at its begin and after a silence, by which a connection that is gone shows on either end.
    /// </summary>
    /// <param name="cancel">Ends it: the viewer has gone. Disposing of the feed ends it too.</param>
    public async IAsyncEnumerable<SseItem<string>> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel, _closing.Token);
        Enter();
        try
        {
            // At once: an answer begins with its first event, and the first figures may take their time.
            yield return new SseItem<string>("", "alive");
            var sent = default(string);
            while (!ending.IsCancellationRequested)
            {
                Look look;
                Task changed;
                lock (_gate)
                {
                    (look, changed) = (_look, _changed.Task);
                }
                if (look.Figures is { } figures && !ReferenceEquals(figures, sent))
                {
                    sent = figures;
                    yield return new SseItem<string>(figures, "figures");
                }
                if (look.Reason is { } reason)
                {
                    yield return new SseItem<string>(JsonSerializer.Serialize(new { since = look.StaleSince, reason }), "stale");
                }
                while (await Task.WhenAny(changed, Task.Delay(LongestSilence, time, ending.Token)) != changed && !ending.IsCancellationRequested)
                {
                    yield return new SseItem<string>("", "alive");
                }
            }
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Ends the refreshes, and what is sent to viewers.</summary>
    /// <remarks>The sources are cancelled and not disposed of: a viewer that leaves afterwards still uses them.</remarks>
    public void Dispose()
    {
        _closing.Cancel();
        lock (_gate)
        {
            _refreshing?.Cancel();
        }
    }

    private void Enter()
    {
        lock (_gate)
        {
            if (_viewers++ == 0)
            {
                _refreshing = new CancellationTokenSource();
                _ = RefreshAsync(_refreshing.Token);
            }
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_viewers == 0)
            {
                _refreshing!.Cancel();
                _refreshing = null;
            }
        }
    }

    private async Task RefreshAsync(CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                var began = time.GetTimestamp();
                var look = await LookAsync(cancel);
                lock (_gate)
                {
                    // Another may have begun since this one was called off.
                    cancel.ThrowIfCancellationRequested();
                    _look = look;
                    _changed.SetResult();
                    _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
                var pause = 4 * time.GetElapsedTime(began);
                await Task.Delay(pause < LeastPause ? LeastPause : pause > LongestPause ? LongestPause : pause, time, cancel);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody looks any more.
        }
    }

    private async Task<Look> LookAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        try
        {
            return new Look(await view.ReadAsync(clickHouse, agreements, now, cancel), now, null, null);
        }
        catch (Exception error) when (error is ClickHouseException or JsonException)
        {
            return _look with
            {
                StaleSince = _look.StaleSince ?? (_look.Figures is null ? now : _look.AsOf),
                Reason = error is ClickHouseException ? error.Message : $"ClickHouse's answer for the view '{view.Name}' broke off",
            };
        }
    }
}
