using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain.Grading;
using Returns.Streams;
using Returns.Topologies.Wire;

namespace Returns.Topologies.Triage.Inputs;

/// <summary>Operators' decisions. Whether a hard block or the rules forbid one is routing's to say.</summary>
internal sealed class OverrideDecoder(ISchemaIds schemas) : WireEventDecoder<OperatorOverride>(schemas, Topics.Overrides)
{
    /// <summary>The longest reason, in bytes: it is kept with the unit.</summary>
    public const int MaxReason = 1024;

    protected override long EventTimeOf(OperatorOverride message) => message.DecidedAt;

    protected override Rejection? Check(in InputRecord record, OperatorOverride message) =>
        CheckName("lpn", message.Lpn) ?? CheckKey(record, message.Lpn)
        ?? CheckName("overrideId", message.OverrideId) ?? CheckName("operator", message.Operator)
        ?? CheckReason(message.Reason) ?? CheckLength("channel", message.Channel) ?? CheckGrade(message.Grade);

    private static Rejection? CheckReason(Utf8 reason)
    {
        foreach (var b in reason.Span)
        {
            if (b > ' ')
            {
                return CheckLength("reason", reason, MaxReason);
            }
        }
        return new Rejection("EmptyField", "reason is empty: an operator says why");
    }

    private static Rejection? CheckGrade(Utf8? grade) =>
        grade is { } name && !GradeCode.TryParse(name.Span, out _)
            ? new Rejection("BadName", $"grade '{name}' is no grade, which has one to four letters or digits: name one of the scale, or none")
            : null;
}
