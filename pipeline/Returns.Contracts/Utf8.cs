using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Text;

namespace Returns.Contracts;

/// <summary>A UTF-8 string as a slice of a byte array.</summary>
/// <remarks>
/// Equality, ordering and hash code go by the bytes. The default value is the empty string. A field of a decoded record
/// slices that record's buffer, so it holds until the record is decoded into again: <see cref="Copy"/> keeps it longer.
/// Reading from several threads is safe as long as nothing decodes into the owner.
/// </remarks>
public readonly struct Utf8 : IEquatable<Utf8>, IComparable<Utf8>
{
    private readonly byte[]? _buffer;
    private readonly int _offset;
    private readonly int _length;

    /// <summary>A slice of <paramref name="buffer"/>, which is not copied.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The slice is not inside the buffer.</exception>
    public Utf8(byte[] buffer, int offset, int length)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)offset, (uint)buffer.Length, nameof(offset));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)(buffer.Length - offset), nameof(length));
        (_buffer, _offset, _length) = (buffer, offset, length);
    }

    /// <summary>The whole of <paramref name="buffer"/>, which is not copied.</summary>
    public Utf8(byte[] buffer) : this(buffer, 0, buffer?.Length ?? 0)
    {
    }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => new(_buffer, _offset, _length);

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Memory => new(_buffer, _offset, _length);

    /// <summary>Length in bytes.</summary>
    public int Length => _length;

    /// <summary>Whether there is no byte.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>Encodes <paramref name="text"/> into memory of its own.</summary>
    public static Utf8 From(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>Copies <paramref name="bytes"/> into memory of its own.</summary>
    public static Utf8 From(ReadOnlySpan<byte> bytes) => new(bytes.ToArray());

    /// <summary>Encodes <paramref name="text"/> into memory of its own: for set-up, tests and simulation.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "From is the named alternate.")]
    public static implicit operator Utf8(string text) => From(text);

    /// <summary>A copy with memory of its own.</summary>
    public Utf8 Copy() => From(Span);

    /// <inheritdoc/>
    public bool Equals(Utf8 other) => Span.SequenceEqual(other.Span);

    /// <summary>Whether the bytes are <paramref name="other"/>.</summary>
    public bool Equals(ReadOnlySpan<byte> other) => Span.SequenceEqual(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Utf8 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Hash(Span);

    /// <summary>Ordinal, by bytes, which for valid UTF-8 is the order of code points.</summary>
    public int CompareTo(Utf8 other) => Span.SequenceCompareTo(other.Span);

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(Span);

    /// <summary>Whether both hold the same bytes.</summary>
    public static bool operator ==(Utf8 left, Utf8 right) => left.Equals(right);

    /// <summary>Whether they hold different bytes.</summary>
    public static bool operator !=(Utf8 left, Utf8 right) => !left.Equals(right);

    /// <summary>Whether <paramref name="left"/> sorts before.</summary>
    public static bool operator <(Utf8 left, Utf8 right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> sorts after.</summary>
    public static bool operator >(Utf8 left, Utf8 right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> sorts before or is equal.</summary>
    public static bool operator <=(Utf8 left, Utf8 right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> sorts after or is equal.</summary>
    public static bool operator >=(Utf8 left, Utf8 right) => left.CompareTo(right) >= 0;

    internal static int Hash(ReadOnlySpan<byte> bytes) => (int)XxHash3.HashToUInt64(bytes);
}

/// <summary>Compares by bytes, and lets a dictionary with <see cref="Utf8"/> keys be asked with a span.</summary>
public sealed class Utf8Comparer : IEqualityComparer<Utf8>, IAlternateEqualityComparer<ReadOnlySpan<byte>, Utf8>
{
    /// <summary>The one instance; it has no state.</summary>
    public static Utf8Comparer Instance { get; } = new();

    private Utf8Comparer()
    {
    }

    /// <inheritdoc/>
    public bool Equals(Utf8 x, Utf8 y) => x.Equals(y);

    /// <inheritdoc/>
    public int GetHashCode(Utf8 obj) => obj.GetHashCode();

    /// <inheritdoc/>
    public bool Equals(ReadOnlySpan<byte> alternate, Utf8 other) => other.Equals(alternate);

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlySpan<byte> alternate) => Utf8.Hash(alternate);

    /// <inheritdoc/>
    public Utf8 Create(ReadOnlySpan<byte> alternate) => Utf8.From(alternate);
}
