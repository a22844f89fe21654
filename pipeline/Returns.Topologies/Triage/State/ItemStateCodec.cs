using Returns.Contracts;
using Returns.Domain.Grading;
using Returns.Topologies.State;

namespace Returns.Topologies.Triage.State;

/// <summary>
/// <see cref="ItemState"/> as bytes: what the store and its changelog hold. Version 2; version 1, which knew no station, is read,
/// too. Times are differences from the time waiting began; observations name the scan they came from by its position. For one
/// thread at a time.
/// </summary>
internal sealed class ItemStateCodec
{
    private const int Version = 2;
    private const int VersionWithoutStation = 1;

    // The most a state can take: its scans, findings and texts at their bounds, see SeenScans, WireEventDecoder and OverrideDecoder.
    private const int MaxLength = 16 * 1024;

    // Version, parts, and status with origin and reason.
    private const int Head = 3;

    private readonly byte[] _input = new byte[MaxLength];
    private readonly byte[] _output = new byte[MaxLength];

    [Flags]
    private enum Parts : byte
    {
        None = 0,
        Held = 1,
        DeadlinePassed = 2,
        Intake = 4,
        Price = 8,
        Weight = 16,
        Image = 32,
        Quality = 64,
        Operator = 128,
    }

    /// <summary>True where the unit waits for catalogue or rules, which is told without decoding the rest.</summary>
    /// <exception cref="InvalidDataException">The state is of another version.</exception>
    public static bool IsHeld(ReadOnlySpan<byte> state)
    {
        Check(state);
        return ((Parts)state[1] & Parts.Held) != 0;
    }

    /// <summary>Where a unit that is open or in review was scanned last, told without decoding the rest. False where it is neither, or
    /// no scan of it is known.</summary>
    /// <param name="state">The state.</param>
    /// <param name="facility">The station's facility, within the state.</param>
    /// <param name="station">The station, within the state; empty where an earlier build wrote it.</param>
    /// <param name="status">Open or in review.</param>
    /// <exception cref="InvalidDataException">The bytes are no state, or one of another version.</exception>
    public static bool TryReadPlace(ReadOnlySpan<byte> state, out ReadOnlySpan<byte> facility, out ReadOnlySpan<byte> station, out UnitStatus status)
    {
        Check(state);
        status = (UnitStatus)(state[2] & 3);
        facility = station = default;
        if (status == UnitStatus.Routed)
        {
            return false;
        }
        var reader = new StateReader(state[Head..]);
        try
        {
            if (state[0] != VersionWithoutStation)
            {
                station = reader.Bytes();
                facility = reader.Bytes();
            }
            if (facility.IsEmpty)
            {
                _ = reader.Bytes(); // the program
                facility = reader.Bytes();
            }
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new InvalidDataException($"a unit's state of {state.Length} bytes cannot be read: {Foreign}", error);
        }
        return !facility.IsEmpty;
    }

    /// <summary>Reads a state. The strings of <paramref name="into"/> hold until the next call.</summary>
    /// <exception cref="InvalidDataException">The bytes are no state, or one of another version.</exception>
    public void Read(ReadOnlySpan<byte> state, ItemState into)
    {
        Check(state);
        if (state.Length > MaxLength)
        {
            throw new InvalidDataException($"a unit's state has {state.Length} bytes, and no more than {MaxLength} can be: {Foreign}");
        }
        state.CopyTo(_input);
        var reader = new StateReader(_input, state.Length);
        try
        {
            Read(ref reader, into);
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new InvalidDataException($"a unit's state of {state.Length} bytes cannot be read: {Foreign}", error);
        }
        if (!reader.AtEnd)
        {
            throw new InvalidDataException($"a unit's state of {state.Length} bytes has bytes left over: {Foreign}");
        }
    }

    /// <summary>Writes a state. The span holds until the next call.</summary>
    public ReadOnlySpan<byte> Write(ItemState state)
    {
        var writer = new StateWriter(_output);
        var facts = state.Facts;
        var parts = (state.Held ? Parts.Held : 0) | (state.DeadlinePassed ? Parts.DeadlinePassed : 0)
            | (facts.IntakeAt is null ? 0 : Parts.Intake) | (state.PricePaid is null ? 0 : Parts.Price)
            | (state.WeightStamp is null ? 0 : Parts.Weight) | (facts.Image is null ? 0 : Parts.Image)
            | (facts.QualityFindings.Count == 0 ? 0 : Parts.Quality) | (state.Operator is null ? 0 : Parts.Operator);
        writer.Byte(Version);
        writer.Byte((int)parts);
        writer.Byte((int)state.Outcome.Status | ((int)state.Origin << 2) | (facts.ReturnReason is { } reason ? (int)reason + 1 << 4 : 0));
        writer.Text(state.Station);
        writer.Text(state.StationFacility.Span.SequenceEqual(state.Facility.Span) ? default : state.StationFacility);
        writer.Text(state.Program);
        writer.Text(state.Facility);
        writer.Text(state.Sku);
        writer.Text(state.RaNumber);
        writer.Text(state.SerialNumber);
        writer.Int64(state.WaitingSince);
        writer.Count((uint)state.Seen.Count);
        foreach (ref readonly var stamp in state.Seen.Stamps)
        {
            writer.UInt64(stamp.Scanner);
            writer.Int64(stamp.Sequence);
            writer.Int64(stamp.ScannedAt - state.WaitingSince);
        }
        WriteStamp(ref writer, state, state.Identity);
        WriteStamp(ref writer, state, state.SkuStamp);
        if (facts.IntakeAt is { } intake)
        {
            writer.Int64(intake - state.WaitingSince);
        }
        if (state.PricePaid is { } price)
        {
            writer.Int64((long)(price.Amount * 10_000m));
            writer.Letters(price.Currency);
        }
        if (state.WeightStamp is not null)
        {
            writer.Count((uint)facts.WeightGrams);
            WriteStamp(ref writer, state, state.WeightStamp);
        }
        if (facts.Image is { } image)
        {
            writer.Count(image.Grade.Packed);
            writer.UInt64(BitConverter.DoubleToUInt64Bits(image.Confidence));
            WriteStamp(ref writer, state, image.Stamp);
        }
        WriteFindings(ref writer, state, facts.Findings);
        if (facts.QualityFindings.Count > 0)
        {
            WriteFindings(ref writer, state, facts.QualityFindings);
        }
        if (state.Operator is { } choice)
        {
            writer.UInt64(choice.Id);
            writer.Int64(choice.DecidedAt - state.WaitingSince);
            writer.Byte((int)choice.Disposition);
            writer.Text(choice.Channel);
            writer.Count(choice.Grade.Packed);
            writer.Text(choice.Operator);
            writer.Text(choice.Reason);
        }
        WriteOutcome(ref writer, state.Outcome);
        return _output.AsSpan(0, writer.Length);
    }

    private const string Foreign = "the store holds what another program wrote; empty its changelog topic, or start from another application name";

    private static bool IsDamage(Exception error) => error is IndexOutOfRangeException or ArgumentException or OverflowException or InvalidOperationException;

    private static void Check(ReadOnlySpan<byte> state)
    {
        if (state.Length < Head)
        {
            throw new InvalidDataException($"a unit's state of {state.Length} bytes is none: {Foreign}");
        }
        if (state[0] is not (Version or VersionWithoutStation))
        {
            throw new InvalidDataException($"a unit's state has version {state[0]}, and this build reads versions {VersionWithoutStation} and {Version}: run the build that wrote it, or a later one");
        }
    }

    private static void Read(ref StateReader reader, ItemState into)
    {
        into.Begin(0);
        var facts = into.Facts;
        var version = reader.Byte();
        var parts = (Parts)reader.Byte();
        var packed = reader.Byte();
        (into.Held, into.DeadlinePassed) = ((parts & Parts.Held) != 0, (parts & Parts.DeadlinePassed) != 0);
        into.Origin = (Origin)(packed >> 2 & 3);
        facts.ReturnReason = packed >> 4 == 0 ? null : (ReturnReason)((packed >> 4) - 1);
        if (version != VersionWithoutStation)
        {
            (into.Station, into.StationFacility) = (reader.Text(), reader.Text());
        }
        into.Program = reader.Text();
        into.Facility = reader.Text();
        if (into.StationFacility.IsEmpty)
        {
            into.StationFacility = into.Facility;
        }
        into.Sku = reader.Text();
        into.RaNumber = reader.Text();
        into.SerialNumber = reader.Text();
        facts.HasAuthorization = !into.RaNumber.IsEmpty;
        var since = into.WaitingSince = reader.Int64();
        for (var left = reader.Count(); left > 0; left--)
        {
            var (scanner, sequence, at) = (reader.UInt64(), reader.Int64(), reader.Int64());
            into.Seen.Add(new ObservationStamp(at + since, scanner, sequence), into);
        }
        into.Identity = ReadStamp(ref reader, into);
        into.SkuStamp = ReadStamp(ref reader, into);
        facts.IntakeAt = (parts & Parts.Intake) == 0 ? null : reader.Int64() + since;
        if ((parts & Parts.Price) != 0)
        {
            into.PricePaid = ReadPrice(ref reader);
        }
        if ((parts & Parts.Weight) != 0)
        {
            facts.WeightGrams = reader.Count();
            into.WeightStamp = ReadStamp(ref reader, into);
        }
        if ((parts & Parts.Image) != 0)
        {
            var (grade, confidence) = (new GradeCode(reader.Packed()), BitConverter.UInt64BitsToDouble(reader.UInt64()));
            facts.Image = new ImageOpinion(grade, confidence, ReadStamp(ref reader, into) ?? default);
        }
        ReadFindings(ref reader, into, facts.Findings);
        if ((parts & Parts.Quality) != 0)
        {
            ReadFindings(ref reader, into, facts.QualityFindings);
        }
        if ((parts & Parts.Operator) != 0)
        {
            into.Operator = new OperatorChoice(reader.UInt64(), reader.Int64() + since, (Disposition)reader.Byte(), reader.Text(),
                new GradeCode(reader.Packed()), reader.Text(), reader.Text());
        }
        ReadOutcome(ref reader, ref into.Outcome);
        into.Outcome.Status = (UnitStatus)(packed & 3);
    }

    private static Money ReadPrice(ref StateReader reader)
    {
        var amount = reader.Int64();
        Span<byte> letters = [(byte)reader.Byte(), (byte)reader.Byte(), (byte)reader.Byte()];
        return Currency.TryParse(letters, out var currency)
            ? new Money(new decimal((int)amount, (int)(amount >> 32), 0, false, 4), currency)
            : throw new InvalidDataException("the price of a unit has no currency");
    }

    private static void WriteStamp(ref StateWriter writer, ItemState state, ObservationStamp? stamp) =>
        writer.Count(stamp is { } known ? (uint)state.Seen.IndexOf(known) + 1 : 0);

    private static ObservationStamp? ReadStamp(ref StateReader reader, ItemState state) =>
        reader.Count() is var position and > 0 ? state.Seen.Stamps[position - 1] : null;

    private static void WriteFindings(ref StateWriter writer, ItemState state, FindingList findings)
    {
        writer.Count((uint)findings.Count);
        foreach (ref readonly var finding in findings.Items)
        {
            writer.UInt32(finding.Criterion.Value);
            writer.Number(finding.Value);
            WriteStamp(ref writer, state, finding.Stamp);
        }
    }

    private static void ReadFindings(ref StateReader reader, ItemState state, FindingList findings)
    {
        for (var left = reader.Count(); left > 0; left--)
        {
            var (criterion, value) = (new CriterionKey(reader.UInt32()), reader.Number());
            findings.Restore(new Observation(criterion, value, ReadStamp(ref reader, state) ?? default));
        }
    }

    private static void WriteOutcome(ref StateWriter writer, in UnitOutcome outcome)
    {
        writer.Count((uint)outcome.Revision);
        if (outcome.Revision == 0)
        {
            return;
        }
        writer.Count(outcome.Grade.Packed);
        writer.UInt32(outcome.GradeBasis);
        writer.Byte(outcome.Disposition is { } disposition ? (int)disposition + 1 : 0);
        writer.UInt32(outcome.RouteBasis);
        writer.Byte(outcome.Exception is { } reason ? (int)reason + 1 : 0);
    }

    private static void ReadOutcome(ref StateReader reader, ref UnitOutcome outcome)
    {
        outcome.Revision = reader.Count();
        if (outcome.Revision == 0)
        {
            return;
        }
        outcome.Grade = new GradeCode(reader.Packed());
        outcome.GradeBasis = reader.UInt32();
        outcome.Disposition = reader.Byte() is var disposition and > 0 ? (Disposition)(disposition - 1) : null;
        outcome.RouteBasis = reader.UInt32();
        outcome.Exception = reader.Byte() is var reason and > 0 ? (ExceptionReason)(reason - 1) : null;
    }
}
