using Confluent.Kafka;
using Returns.Contracts;

namespace Returns.Cli.DeadLetters;

/// <summary>The dead letters of returns.dlq, and which of them were redriven. What comes while it is read is left out.</summary>
internal sealed class DeadLetterLog : IDisposable
{
    private readonly TopicReader _reader;
    private readonly IReadOnlyList<WatermarkOffsets> _offsets;
    private readonly Dictionary<Place, (DateTimeOffset At, string Message)> _marks = [];
    private readonly Progress _progress;

    /// <summary>Reads the marks. Their number bounds what is kept in memory.</summary>
    /// <exception cref="Up.UpException">The broker does not answer, or has no such topic.</exception>
    public DeadLetterLog(ClientConfig client, Progress progress, CancellationToken cancel)
    {
        _reader = new TopicReader(client, "returns.dlq.reader", cancel);
        _progress = progress;
        try
        {
            _offsets = _reader.Offsets(Topics.DeadLetters);
            progress.Expect(2 * _offsets.Sum(o => o.High.Value - o.Low.Value));
            Each(letter =>
            {
                if (letter.IsMark)
                {
                    _marks.TryAdd(letter.Source, (letter.At, letter.Message));
                }
            });
        }
        catch
        {
            _reader.Dispose();
            throw;
        }
    }

    /// <summary>When a letter was redriven, and where to; null where it was not.</summary>
    public (DateTimeOffset At, string Message)? RedrivenAs(DeadLetter letter) => _marks.TryGetValue(letter.Place, out var mark) ? mark : null;

    /// <summary>Hands on the letters that are meant, partition by partition.</summary>
    public void Read(LetterFilter filter, Action<DeadLetter> handle) => Each(letter =>
    {
        if (!letter.IsMark && filter.Takes(letter))
        {
            handle(letter);
        }
    });

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private void Each(Action<DeadLetter> handle)
    {
        for (var partition = 0; partition < _offsets.Count; partition++)
        {
            var done = _offsets[partition].Low.Value;
            _reader.Read(Topics.DeadLetters, partition, done, _offsets[partition].High.Value - 1, record =>
            {
                handle(new DeadLetter(record));
                _progress.Advance(record.Offset.Value + 1 - done);
                done = record.Offset.Value + 1;
            });
            _progress.Advance(_offsets[partition].High.Value - done);
        }
    }
}
