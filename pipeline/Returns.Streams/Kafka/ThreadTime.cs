using System.Diagnostics;
using Prometheus;

namespace Returns.Streams.Kafka;

/// <summary>
/// Where a stream thread's time goes. Waits, reading and commits are measured each time; of the rest, which goes to the records, one
/// record in 256 tells the shares of decoding, processing and producing. For the thread alone.
/// </summary>
internal sealed class ThreadTime(Counter seconds, string application, string thread)
{
    private readonly Counter.Child _consume = seconds.WithLabels(application, thread, "consume");
    private readonly Counter.Child _decode = seconds.WithLabels(application, thread, "decode");
    private readonly Counter.Child _process = seconds.WithLabels(application, thread, "process");
    private readonly Counter.Child _produce = seconds.WithLabels(application, thread, "produce");
    private readonly Counter.Child _commit = seconds.WithLabels(application, thread, "commit");
    private readonly Counter.Child _recover = seconds.WithLabels(application, thread, "recover");
    private readonly Counter.Child _idle = seconds.WithLabels(application, thread, "idle");
    private long _since = Stopwatch.GetTimestamp();
    private TimeSpan _consuming;
    private TimeSpan _idling;
    private TimeSpan _committing;
    private TimeSpan _recovering;
    private TimeSpan _sampledDecode;
    private TimeSpan _sampledProcess;
    private TimeSpan _sampledProduce;

    /// <summary>Reading took so long.</summary>
    public void Consumed(TimeSpan took) => _consuming += took;

    /// <summary>Nothing was there to be read for so long.</summary>
    public void Idled(TimeSpan took) => _idling += took;

    /// <summary>Taking a transaction back took so long, with the pauses before the next attempt.</summary>
    public void Recovered(TimeSpan took) => _recovering += took;

    /// <summary>A commit took so long, the flush of the stores included.</summary>
    public void Committed(TimeSpan took) => _committing += took;

    /// <summary>One record was measured.</summary>
    /// <param name="decode">Decoding it.</param>
    /// <param name="process">All of it.</param>
    /// <param name="produce">Handing to the producer what it made.</param>
    public void Sampled(TimeSpan decode, TimeSpan process, TimeSpan produce)
    {
        _sampledDecode += decode;
        _sampledProduce += produce;
        _sampledProcess += process;
    }

    /// <summary>Adds the time since it was last called to the metrics.</summary>
    public void Publish()
    {
        var now = Stopwatch.GetTimestamp();
        var records = Math.Max(0, (Stopwatch.GetElapsedTime(_since, now) - _consuming - _idling - _committing - _recovering).TotalSeconds);
        var sampled = Math.Max(_sampledProcess.TotalSeconds, 1e-9);
        var decode = records * Math.Min(1, _sampledDecode.TotalSeconds / sampled);
        var produce = Math.Min(records - decode, records * _sampledProduce.TotalSeconds / sampled);
        _consume.Inc(_consuming.TotalSeconds);
        _idle.Inc(_idling.TotalSeconds);
        _commit.Inc(_committing.TotalSeconds);
        _recover.Inc(_recovering.TotalSeconds);
        _decode.Inc(decode);
        _produce.Inc(produce);
        _process.Inc(records - decode - produce);
        (_since, _consuming, _idling, _committing, _recovering) = (now, default, default, default, default);
        // What was sampled before counts less and less, so that the split follows the work.
        (_sampledDecode, _sampledProcess, _sampledProduce) = (_sampledDecode / 2, _sampledProcess / 2, _sampledProduce / 2);
    }
}
