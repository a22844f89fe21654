using System.Numerics;
using Returns.Contracts;
using Returns.Domain.Grading;

namespace Returns.Domain.Routing;

/// <summary>The hard blocks that hold for a unit, one bit each.</summary>
/// <remarks>
/// Recall: by the catalogue. Hazmat: by the catalogue or a finding. Counterfeit: by a finding. Hygiene: for hygiene goods,
/// unless a finding says that the seal is intact and none says that it was opened. Data not wiped: for data-bearing goods,
/// unless a finding says that the data was wiped. The last two hold while nothing is known: a unit is sold again because
/// it is known to be safe, not because nobody looked.
/// </remarks>
/// <param name="Bits">Bit i stands for the block with value i.</param>
public readonly record struct HardBlockSet(byte Bits)
{
    /// <summary>True where none holds.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>True where the block holds.</summary>
    public bool Contains(HardBlock block) => (Bits >> (int)block & 1) != 0;

    /// <summary>The blocks that hold by what is known of the SKU and by what the findings say.</summary>
    public static HardBlockSet Of(CatalogFacts catalog, FindingSignals signals)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var bits = 0;
        if (catalog.Recalled) bits |= 1 << (int)HardBlock.Recall;
        if (catalog.Hazmat || (signals & FindingSignals.Hazardous) != 0) bits |= 1 << (int)HardBlock.Hazmat;
        if ((signals & FindingSignals.Counterfeit) != 0) bits |= 1 << (int)HardBlock.Counterfeit;
        if (catalog.Hygiene && (signals & (FindingSignals.Sealed | FindingSignals.Opened)) != FindingSignals.Sealed)
            bits |= 1 << (int)HardBlock.Hygiene;
        if (catalog.DataBearing && (signals & FindingSignals.Wiped) == 0)
            bits |= 1 << (int)HardBlock.DataNotWiped;
        return new HardBlockSet((byte)bits);
    }

    /// <summary>Enumerates the blocks in the contract's order.</summary>
    public Enumerator GetEnumerator() => new(Bits);

    /// <summary>Enumerates without allocating.</summary>
    public struct Enumerator
    {
        private uint _left;

        internal Enumerator(byte bits)
        {
            _left = bits;
            Current = default;
        }

        /// <summary>The block at hand.</summary>
        public HardBlock Current { get; private set; }

        /// <summary>Goes to the next block.</summary>
        public bool MoveNext()
        {
            if (_left == 0) return false;
            Current = (HardBlock)BitOperations.TrailingZeroCount(_left);
            _left &= _left - 1;
            return true;
        }
    }
}
