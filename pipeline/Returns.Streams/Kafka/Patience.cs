using Microsoft.Extensions.Logging;

namespace Returns.Streams.Kafka;

/// <summary>
/// Waits out what may pass, such as a broker that is away: one warning when it begins, growing pauses between attempts, one
/// line when it is over, and an end to it when it lasts too long. For one thread; <see cref="Trouble"/> for any.
/// </summary>
internal sealed class Patience(TimeSpan bound, string who, ILogger log)
{
    private const int FirstPauseMs = 20;
    private const int LongestPauseMs = 1000;
    private long _since;
    private int _pause;
    private volatile string? _trouble;

    /// <summary>What is being waited out; null where nothing is.</summary>
    public string? Trouble => _trouble;

    /// <summary>Since when, in <see cref="Environment.TickCount64"/>.</summary>
    public long Since => Volatile.Read(ref _since);

    /// <summary>An attempt has failed: pauses before the next one.</summary>
    /// <exception cref="StreamsException">It has failed for too long.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public void Failed(string reason, Exception? error, CancellationToken stop)
    {
        if (_trouble is null)
        {
            Volatile.Write(ref _since, Environment.TickCount64);
            _pause = FirstPauseMs;
            log.LogWarning("{Who}: {Reason}; trying again for {Bound}", who, reason, bound);
        }
        _trouble = reason;
        if (Environment.TickCount64 - _since > bound.TotalMilliseconds)
        {
            throw new StreamsException($"{who}: {reason}, for more than {bound}: stopped. Nothing is lost: once the cause is gone, start again", error);
        }
        stop.ThrowIfCancellationRequested();
        stop.WaitHandle.WaitOne(_pause);
        stop.ThrowIfCancellationRequested();
        _pause = Math.Min(_pause * 2, LongestPauseMs);
    }

    /// <summary>It works again, or still.</summary>
    public void Succeeded()
    {
        if (_trouble is null)
        {
            return;
        }
        log.LogInformation("{Who}: works again after {Seconds} s ({Reason})", who, (Environment.TickCount64 - _since) / 1000, _trouble);
        _trouble = null;
    }
}
