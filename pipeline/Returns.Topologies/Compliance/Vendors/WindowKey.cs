using System.Buffers.Text;
using Returns.Contracts;

namespace Returns.Topologies.Compliance.Vendors;

/// <summary>Keys of returns.vendor-windows, under which a later figure takes the place of an earlier one. For one thread.</summary>
internal sealed class WindowKey
{
    private const int StartDigits = 21;

    private byte[] _key = new byte[256];

    /// <summary>program|vendor|agreement|kind, and |start of a billing window; holds until the next call.</summary>
    public ReadOnlySpan<byte> Of(VendorWindow window)
    {
        var kind = window.Kind == VendorWindowKind.Rate ? "rate"u8 : "billing"u8;
        var most = window.Program.Length + window.Vendor.Length + window.AgreementId.Length + kind.Length + StartDigits + 4;
        if (most > _key.Length)
        {
            _key = new byte[most * 2];
        }
        var length = Append(0, window.Program.Span);
        length = Append(Append(length, "|"u8), window.Vendor.Span);
        length = Append(Append(length, "|"u8), window.AgreementId.Span);
        length = Append(Append(length, "|"u8), kind);
        if (window.Kind == VendorWindowKind.Billing)
        {
            length = Append(length, "|"u8);
            Utf8Formatter.TryFormat(window.Start, _key.AsSpan(length), out var digits);
            length += digits;
        }
        return _key.AsSpan(0, length);
    }

    private int Append(int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(_key.AsSpan(at));
        return at + text.Length;
    }
}
