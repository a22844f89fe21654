using Returns.Contracts;

namespace Returns.Topologies.Compliance;

/// <summary>Builds keys of the form program|vendor, into a buffer that is used again. For one thread.</summary>
internal sealed class VendorKey
{
    private byte[] _key = new byte[128];

    /// <summary>The key; holds until the next call.</summary>
    public ReadOnlySpan<byte> Of(Utf8 program, Utf8 vendor)
    {
        var length = program.Length + 1 + vendor.Length;
        if (length > _key.Length)
        {
            _key = new byte[length * 2];
        }
        program.Span.CopyTo(_key);
        _key[program.Length] = (byte)'|';
        vendor.Span.CopyTo(_key.AsSpan(program.Length + 1));
        return _key.AsSpan(0, length);
    }
}
