using System.Buffers.Binary;
using System.Numerics;

namespace Returns.Domain.Grading;

/// <summary>
/// Identifies a criterion by a hash of its name. It does not depend on the rules, so findings can be kept before the
/// item's category is known and stay valid when rules change. No two criteria of one category share a key: the rules
/// are refused otherwise.
/// </summary>
/// <param name="Value">CRC-32C of the name's UTF-8 bytes and its length; the same on every machine. Safe to store.</param>
public readonly record struct CriterionKey(uint Value)
{
    /// <summary>Key of the criterion with this name, in UTF-8.</summary>
    public static CriterionKey Of(ReadOnlySpan<byte> name)
    {
        var crc = (uint)name.Length;
        while (name.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(name));
            name = name[8..];
        }

        foreach (var b in name) crc = BitOperations.Crc32C(crc, b);
        return new CriterionKey(crc);
    }
}
