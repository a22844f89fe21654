using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Returns.Cli.Up;
using Returns.Contracts;
using Returns.Streams.Kafka;

namespace Returns.Cli.DeadLetters;

/// <summary>What became of the letters that were meant.</summary>
/// <param name="Sent">Redriven, or in a dry run, those that would be.</param>
/// <param name="Earlier">Redriven before, and left alone.</param>
/// <param name="Held">Not redriven, each for a reason that was said.</param>
/// <param name="Stopped">Whether it was stopped before the last.</param>
internal readonly record struct RedriveCount(long Sent, long Earlier, long Held, bool Stopped);

/// <summary>
/// Writes dead letters to their topics again. A record and the mark of its letter are of one transaction, so that a crash redrives
/// nothing twice; and the transactional id is the same for everyone, so that of two redrives the later one ends the earlier one,
/// and then sees what that had done.
/// </summary>
internal sealed class Redrive : IDisposable
{
    private const string TransactionalId = "returns.dlq.redrive";
    private const int MostInTransaction = 500;
    private static readonly TimeSpan LongestTransaction = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(3);

    private readonly BrokerRefusals _refusals = new(TransactionalId, NullLogger.Instance);
    private readonly IProducer<byte[]?, byte[]?>? _producer;
    private readonly Intake _intake;
    private readonly LetterEdit _edit;
    private readonly int? _perSecond;
    private readonly CancellationToken _cancel;
    private readonly Dictionary<string, int> _partitions = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _began;
    private int _inTransaction;

    /// <summary>Ends every other redrive. The letters are to be read after that.</summary>
    /// <param name="client">How to reach Kafka.</param>
    /// <param name="intake">What may be redriven.</param>
    /// <param name="edit">What is changed.</param>
    /// <param name="dryRun">Whether nothing is written.</param>
    /// <param name="perSecond">The most records a second; null for as fast as it goes.</param>
    /// <param name="cancel">Stops it: what was sent by then is committed.</param>
    /// <exception cref="UpException">Kafka does not answer, or does not allow it.</exception>
    public Redrive(ClientConfig client, Intake intake, LetterEdit edit, bool dryRun, int? perSecond, CancellationToken cancel)
    {
        (_intake, _edit, _perSecond, _cancel) = (intake, edit, perSecond, cancel);
        if (dryRun)
        {
            return;
        }
        _producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig(new Dictionary<string, string>(client))
        {
            TransactionalId = TransactionalId,
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
            LingerMs = 5,
        }).SetErrorHandler((_, error) => _refusals.Hear(error)).SetLogHandler((_, _) => { }).Build();
        try
        {
            Asked("cannot begin", () => _producer.InitTransactions(Attempt));
        }
        catch
        {
            _producer.Dispose();
            throw;
        }
    }

    /// <summary>Redrives what a filter takes.</summary>
    /// <param name="log">The letters.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="say">Told of each that is held back, and in a dry run of each that is not.</param>
    /// <exception cref="UpException">Kafka does not answer any more, or another redrive has begun.</exception>
    public RedriveCount Run(DeadLetterLog log, LetterFilter filter, Action<string> say)
    {
        var count = default(RedriveCount);
        try
        {
            log.Read(filter, letter =>
            {
                _cancel.ThrowIfCancellationRequested();
                if (log.RedrivenAs(letter) is not null)
                {
                    count = count with { Earlier = count.Earlier + 1 };
                }
                else if (TryPrepare(letter, out var key, out var value) is { } held)
                {
                    say($"{letter.Place} {letter.ErrorClass} {DeadLetter.Show(letter.Key)}: not redriven: {held}");
                    count = count with { Held = count.Held + 1 };
                }
                else if (_producer is null)
                {
                    say($"{letter.Place} {letter.ErrorClass} {DeadLetter.Show(letter.Key)}: would go to {letter.Source.Topic}{(_edit.IsNone ? "" : ", changed")}");
                    count = count with { Sent = count.Sent + 1 };
                }
                else
                {
                    Pace(count.Sent);
                    Send(letter, key, value);
                    count = count with { Sent = count.Sent + 1 };
                }
            });
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            count = count with { Stopped = true };
        }
        Commit();
        return count;
    }

    /// <inheritdoc/>
    public void Dispose() => _producer?.Dispose();

    /// <summary>Why a letter is held back; null where it may go, as <paramref name="key"/> and <paramref name="value"/>.</summary>
    private string? TryPrepare(DeadLetter letter, out byte[]? key, out byte[]? value)
    {
        (key, value) = (letter.Key, letter.Value);
        if (_intake.Barred(letter) is { } barred)
        {
            return barred;
        }
        try
        {
            (key, value) = _edit.Apply(letter, _intake, _cancel);
        }
        catch (FormatException error)
        {
            return $"it cannot be changed: {error.Message}";
        }
        return _intake.Rejected(letter.Source, key, value) is { } rejection ? $"it would come back: {rejection.ErrorClass}: {rejection.Message}" : null;
    }

    private void Send(DeadLetter letter, byte[]? key, byte[]? value)
    {
        if (_inTransaction == 0)
        {
            Asked("cannot begin", _producer!.BeginTransaction);
            _began = _clock.Elapsed;
        }
        var (topic, times) = (letter.Source.Topic, letter.Redrives + 1);
        var headers = letter.OwnHeaders();
        headers.Add(DeadLetter.LetterHeader, Encoding.UTF8.GetBytes(letter.Place.ToString()));
        headers.Add(DeadLetter.CountHeader, Encoding.UTF8.GetBytes(times.ToString(CultureInfo.InvariantCulture)));
        var isSameKey = key is null ? letter.Key is null : letter.Key is not null && key.AsSpan().SequenceEqual(letter.Key);
        // Where it lay before, which is not always where its key belongs: heartbeats go to every partition.
        var to = isSameKey && letter.Source.Partition >= 0 && letter.Source.Partition < PartitionsOf(topic) ? new Partition(letter.Source.Partition) : Partition.Any;
        var mark = new Headers();
        Add(DeadLetterHeaders.SourceTopic, Topics.DeadLetters);
        Add(DeadLetterHeaders.SourcePartition, letter.Place.Partition.ToString(CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.SourceOffset, letter.Place.Offset.ToString(CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.ErrorClass, DeadLetter.RedrivenClass);
        Add(DeadLetterHeaders.ErrorMessage, string.Create(CultureInfo.InvariantCulture, $"redriven to {topic}{(_edit.IsNone ? "" : ", changed")}, time {times}; it was {letter.ErrorClass}"));
        Asked("cannot send", () =>
        {
            _producer!.Produce(new TopicPartition(topic, to), new Message<byte[]?, byte[]?> { Key = key, Value = value, Headers = headers, Timestamp = new Timestamp(letter.SourceTimestamp, TimestampType.CreateTime) });
            _producer.Produce(new TopicPartition(Topics.DeadLetters, letter.Place.Partition), new Message<byte[]?, byte[]?> { Key = letter.Key, Value = null, Headers = mark });
        });
        if (++_inTransaction == MostInTransaction || _clock.Elapsed - _began > LongestTransaction)
        {
            Commit();
        }

        void Add(string name, string text) => mark.Add(name, Encoding.UTF8.GetBytes(text));
    }

    private void Commit()
    {
        if (_inTransaction > 0)
        {
            Asked("cannot commit", _producer!.CommitTransaction);
            _inTransaction = 0;
        }
    }

    private void Pace(long sent)
    {
        if (_perSecond is not { } rate)
        {
            return;
        }
        var wait = TimeSpan.FromSeconds((double)sent / rate) - _clock.Elapsed;
        if (wait > LongestTransaction)
        {
            Commit();
        }
        if (wait > TimeSpan.Zero)
        {
            _cancel.WaitHandle.WaitOne(wait);
            _cancel.ThrowIfCancellationRequested();
        }
    }

    private int PartitionsOf(string topic)
    {
        if (!_partitions.TryGetValue(topic, out var count))
        {
            using var admin = new DependentAdminClientBuilder(_producer!.Handle).Build();
            Asked("cannot ask for its topics", () => count = admin.GetMetadata(topic, Patience).Topics[0].Partitions.Count);
            _partitions.Add(topic, count);
        }
        return count;
    }

    private void Asked(string what, Action ask)
    {
        for (var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds; ;)
        {
            try
            {
                ask();
                return;
            }
            catch (KafkaRetriableException) when (_refusals.Current is null && Environment.TickCount64 < until)
            {
                Thread.Sleep(100);
            }
            catch (KafkaException error)
            {
                throw new UpException(error.Error.Code is ErrorCode.Local_Fenced or ErrorCode.ProducerFenced or ErrorCode.InvalidProducerEpoch
                    ? "another redrive has begun, and goes on with what this one had not committed: look with 'returns dlq list'"
                    : _refusals.Current is { } refused ? $"Kafka refuses: {refused}"
                    : $"Kafka: {what}: {error.Error.Reason}; what was committed is marked, so run it again");
            }
        }
    }
}
