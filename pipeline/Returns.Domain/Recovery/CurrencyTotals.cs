using Returns.Contracts;

namespace Returns.Domain.Recovery;

/// <summary>The amounts of <see cref="RecoveryTotals"/> in one currency; each is described in schemas/RecoveryWindow.avsc.</summary>
public record struct CurrencyTotals
{
    /// <summary>The currency of all amounts.</summary>
    public Currency Currency { get; init; }

    /// <summary>Units with a catalogue cost.</summary>
    public long ValuedUnits { get; set; }

    /// <summary>Their cost.</summary>
    public decimal ReceivedValue { get; set; }

    /// <summary>Cost of the decided ones among them.</summary>
    public decimal DecidedValue { get; set; }

    /// <summary>Cost of the written-off ones among them.</summary>
    public decimal WrittenOffValue { get; set; }

    /// <summary>Units whose handling is costed.</summary>
    public long CostedUnits { get; set; }

    /// <summary>Cost of their handling.</summary>
    public decimal HandlingCost { get; set; }

    /// <summary>Decided units with an expectation, be it nothing.</summary>
    public long ExpectedUnits { get; set; }

    /// <summary>What they are expected to bring, before handling.</summary>
    public decimal ExpectedProceeds { get; set; }

    /// <summary>Units that were paid for.</summary>
    public long SettledUnits { get; set; }

    /// <summary>What was paid for them.</summary>
    public decimal SettledProceeds { get; set; }

    /// <summary>What had been expected of them; a part of <see cref="ExpectedProceeds"/>.</summary>
    public decimal SettledExpected { get; set; }

    /// <summary>Units whose recovery is held against their reference price.</summary>
    public long RatedUnits { get; set; }

    /// <summary>Reference prices of the rated units.</summary>
    public decimal ResaleValue { get; set; }

    /// <summary>Net recovery of the rated units.</summary>
    public decimal RatedRecovery { get; set; }

    /// <summary>Proceeds by the best knowledge: settled, and expected of what was not paid for yet.</summary>
    public readonly decimal Proceeds => ExpectedProceeds - SettledExpected + SettledProceeds;

    /// <summary>Net recovery value: <see cref="Proceeds"/> less processing, refurbishment and freight.</summary>
    /// <remarks>Net realisable value by IAS 2.6: the selling price less the costs of completion and of making the sale.</remarks>
    public readonly decimal NetRecovery => Proceeds - HandlingCost;

    /// <summary>Whether no unit counts here.</summary>
    public readonly bool IsNothing => this == new CurrencyTotals { Currency = Currency };

    internal void Add(CurrencyFigures figures)
    {
        ValuedUnits += figures.ValuedUnits;
        ReceivedValue += figures.ReceivedValue;
        DecidedValue += figures.DecidedValue;
        WrittenOffValue += figures.WrittenOffValue;
        CostedUnits += figures.CostedUnits;
        HandlingCost += figures.HandlingCost;
        ExpectedUnits += figures.ExpectedUnits;
        ExpectedProceeds += figures.ExpectedProceeds;
        SettledUnits += figures.SettledUnits;
        SettledProceeds += figures.SettledProceeds;
        SettledExpected += figures.SettledExpected;
        RatedUnits += figures.RatedUnits;
        ResaleValue += figures.ResaleValue;
        RatedRecovery += figures.RatedRecovery;
    }

    internal readonly void Fill(CurrencyFigures into)
    {
        into.Currency = Currency;
        into.ValuedUnits = ValuedUnits;
        into.ReceivedValue = ReceivedValue;
        into.DecidedValue = DecidedValue;
        into.WrittenOffValue = WrittenOffValue;
        into.CostedUnits = CostedUnits;
        into.HandlingCost = HandlingCost;
        into.ExpectedUnits = ExpectedUnits;
        into.ExpectedProceeds = ExpectedProceeds;
        into.SettledUnits = SettledUnits;
        into.SettledProceeds = SettledProceeds;
        into.SettledExpected = SettledExpected;
        into.RatedUnits = RatedUnits;
        into.ResaleValue = ResaleValue;
        into.RatedRecovery = RatedRecovery;
    }
}
