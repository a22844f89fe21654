using Returns.Contracts;
using Returns.Domain.Recovery;
using Returns.Topologies.State;

namespace Returns.Topologies.Recovery.Units;

/// <summary><see cref="UnitState"/> as bytes: what the store and its changelog hold. Version 1. For one thread at a time.</summary>
internal sealed class UnitStateCodec
{
    private const int Version = 1;
    private const string Foreign = "another version of the software wrote it; start anew under another application name";

    // Two outcomes with seven texts at their bound, see WireEventDecoder, some numbers, and settlements that wait.
    private const int MaxLength = 16 * 1024;

    private readonly byte[] _input = new byte[MaxLength];
    private readonly byte[] _output = new byte[MaxLength];

    [Flags]
    private enum Parts
    {
        None = 0,
        Decision = 1,
        Review = 2,
        ReviewOpen = 4,
        Settlement = 8,
        Held = 16,
    }

    /// <summary>Reads a state. The texts of <paramref name="into"/> hold until the next call.</summary>
    /// <exception cref="InvalidDataException">The bytes are no state, or one of another version.</exception>
    public void Read(ReadOnlySpan<byte> state, UnitState into)
    {
        if (state.Length is 0 or > MaxLength || state[0] != Version)
        {
            throw new InvalidDataException($"a unit's state of {state.Length} bytes is not of version {Version}: {Foreign}");
        }
        state.CopyTo(_input);
        var reader = new StateReader(_input, state.Length);
        into.Clear();
        try
        {
            reader.Byte();
            var parts = (Parts)reader.Byte();
            if ((parts & Parts.Decision) != 0)
            {
                ReadOutcome(ref reader, ref into.Decision);
                into.Channel = reader.Text();
                into.Decided = new UnitRecovery((Disposition)reader.Byte(), reader.Int64(), reader.Count(), ReadMoney(ref reader), ReadMoney(ref reader),
                    ReadMoney(ref reader), ReadMoney(ref reader), null);
                into.PricePaid = ReadMoney(ref reader);
            }
            if ((parts & Parts.Review) != 0)
            {
                ReadOutcome(ref reader, ref into.Review);
                into.ReviewOpen = (parts & Parts.ReviewOpen) != 0;
            }
            if ((parts & Parts.Settlement) != 0)
            {
                into.SettlementRevision = reader.Count();
                into.SettlementId = reader.Text();
                into.Settled = ReadMoney(ref reader).GetValueOrDefault();
            }
            if ((parts & Parts.Held) != 0)
            {
                into.HeldUntil = reader.Int64();
                for (var left = reader.Count(); left > 0; left--)
                {
                    into.Held.Add(new HeldSettlement(reader.Int64(), reader.Text()));
                }
            }
        }
        catch (Exception error) when (error is IndexOutOfRangeException or ArgumentException or OverflowException or InvalidDataException)
        {
            throw new InvalidDataException($"a unit's state of {state.Length} bytes cannot be read: {Foreign}", error);
        }
        if (!reader.AtEnd)
        {
            throw new InvalidDataException($"a unit's state of {state.Length} bytes has bytes left over: {Foreign}");
        }
    }

    /// <summary>Writes a state. The span holds until the next call.</summary>
    public ReadOnlySpan<byte> Write(UnitState state)
    {
        var writer = new StateWriter(_output);
        var parts = (state.Decision.Revision > 0 ? Parts.Decision : 0) | (state.Review.Revision > 0 ? Parts.Review : 0)
            | (state.ReviewOpen ? Parts.ReviewOpen : 0) | (state.SettlementRevision > 0 ? Parts.Settlement : 0)
            | (state.Held.Count > 0 ? Parts.Held : 0);
        writer.Byte(Version);
        writer.Byte((int)parts);
        if ((parts & Parts.Decision) != 0)
        {
            WriteOutcome(ref writer, state.Decision);
            writer.Text(state.Channel);
            ref readonly var decided = ref state.Decided;
            writer.Byte((int)decided.Disposition);
            writer.Int64(decided.DwellMillis);
            writer.Count((uint)decided.Grams);
            WriteMoney(ref writer, decided.Cost);
            WriteMoney(ref writer, decided.ReferencePrice);
            WriteMoney(ref writer, decided.ExpectedValue);
            WriteMoney(ref writer, decided.HandlingCost);
            WriteMoney(ref writer, state.PricePaid);
        }
        if ((parts & Parts.Review) != 0)
        {
            WriteOutcome(ref writer, state.Review);
        }
        if ((parts & Parts.Settlement) != 0)
        {
            writer.Count((uint)state.SettlementRevision);
            writer.Text(state.SettlementId);
            WriteMoney(ref writer, state.Settled);
        }
        if ((parts & Parts.Held) != 0)
        {
            writer.Int64(state.HeldUntil);
            writer.Count((uint)state.Held.Count);
            foreach (var held in state.Held)
            {
                writer.Int64(held.Offset);
                writer.Text(held.Bytes);
            }
        }
        return _output.AsSpan(0, writer.Length);
    }

    private static void WriteOutcome(ref StateWriter writer, in KnownOutcome outcome)
    {
        writer.Count((uint)outcome.Revision);
        writer.Byte((int)outcome.Origin);
        writer.Text(outcome.Program);
        writer.Text(outcome.Facility);
        writer.Text(outcome.Sku);
        writer.Text(outcome.Category);
        writer.Text(outcome.Vendor);
        writer.Text(outcome.Grade);
        writer.Int64(outcome.ReceivedAt);
    }

    private static void ReadOutcome(ref StateReader reader, ref KnownOutcome outcome)
    {
        outcome.Revision = reader.Count();
        outcome.Origin = (Origin)reader.Byte();
        outcome.Program = reader.Text();
        outcome.Facility = reader.Text();
        outcome.Sku = reader.Text();
        outcome.Category = reader.Text();
        outcome.Vendor = reader.Text();
        outcome.Grade = reader.Text();
        outcome.ReceivedAt = reader.Int64();
    }

    /// <summary>The letters of the currency, none for no amount; then the ten-thousandths, and what exceeds 64 bits of them.</summary>
    private static void WriteMoney(ref StateWriter writer, Money? money)
    {
        if (money is not { } amount || amount.Currency == Currency.None)
        {
            writer.Byte(0);
            return;
        }
        writer.Byte(1);
        writer.Letters(amount.Currency);
        // decimal(19,4) has at most 19 digits: the ten-thousandths of some do not fit 64 signed bits.
        var scaled = decimal.Round(amount.Amount, 4) * 10_000m;
        var high = Math.Floor(scaled / uint.MaxValue);
        writer.Int64((long)high);
        writer.Int64((long)(scaled - high * uint.MaxValue));
    }

    private static Money? ReadMoney(ref StateReader reader)
    {
        if (reader.Byte() == 0)
        {
            return null;
        }
        Span<byte> letters = [(byte)reader.Byte(), (byte)reader.Byte(), (byte)reader.Byte()];
        if (!Currency.TryParse(letters, out var currency))
        {
            throw new InvalidDataException("a currency in a state is none");
        }
        var scaled = (decimal)reader.Int64() * uint.MaxValue + reader.Int64();
        return new Money(scaled / 10_000m, currency);
    }
}
