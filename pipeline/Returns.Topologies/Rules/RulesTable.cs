using Microsoft.Extensions.Logging;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Rules;
using Returns.Streams;

namespace Returns.Topologies.Rules;

/// <summary>
/// The rules in force, compiled from the documents of the topic. For one stream thread.
/// </summary>
/// <remarks>
/// A document that cannot be read leaves the one before in force. Documents that can be read, and do not fit together, leave
/// their program the rules it had: a set that is published one document after the other passes through such a state, so it
/// is compiled when it is first asked for, and what did not fit is said once. After a restart the rules a program had are
/// gone with the thread that held them: it is then without rules until documents that fit are published.
/// </remarks>
internal sealed partial class RulesTable : GlobalTable
{
    private readonly WireDecoder<RuleSet> _wire;
    private readonly RuleSet _record = new();
    private readonly Dictionary<Utf8, RuleDocument> _documents = new(Utf8Comparer.Instance);
    private readonly RuleMetrics _metrics;
    private readonly ILogger _log;
    private RuleBook _book = RuleBook.Empty;
    private bool _changed;

    public RulesTable(ISchemaIds schemas, RuleMetrics metrics, ILogger log)
    {
        _wire = new WireDecoder<RuleSet>(schemas, Topics.Rules);
        (_metrics, _log) = (metrics, log);
    }

    /// <summary>The rules of the program, or of every program; null where there are none.</summary>
    public ProgramRules? Find(ReadOnlySpan<byte> program)
    {
        if (_changed)
        {
            Compile();
        }
        return _book.Find(program);
    }

    /// <inheritdoc/>
    public override bool TryApply(in InputRecord record, out Rejection rejection)
    {
        rejection = default;
        if (!record.HasValue)
        {
            _changed |= _documents.Remove(Utf8.From(record.Key));
            return true;
        }
        if (!_wire.TryDecode(record.Value, _record, out var error))
        {
            return Refuse(error.Class.ToString(), error.ToString(), out rejection);
        }
        if (!RuleDocument.TryRead(_record, out var document, out var errors))
        {
            return Refuse("BadRules", string.Join("; ", errors.Take(5)), out rejection);
        }
        if (!record.Key.SequenceEqual(document!.Key.Span))
        {
            return Refuse("KeyMismatch", $"the key is not '{document.Key}', the document's program and kind: publish with that", out rejection);
        }
        _documents[document.Key] = document;
        _changed = true;
        return true;
    }

    private bool Refuse(string errorClass, string message, out Rejection rejection)
    {
        _metrics.Unreadable();
        rejection = new Rejection(errorClass, message);
        return false;
    }

    private void Compile()
    {
        _changed = false;
        var before = _book;
        _book = RuleBook.Build(_documents.Values, before, out var errors);
        foreach (var error in errors)
        {
            _metrics.Misfit();
            LogMisfit(_log, error);
        }
        _metrics.InForce(before, _book);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "rules not taken over, those before stay in force: {Error}")]
    private static partial void LogMisfit(ILogger logger, RuleError error);
}
