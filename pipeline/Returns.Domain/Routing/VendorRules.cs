using Returns.Contracts;
using Returns.Domain.Compliance;

namespace Returns.Domain.Routing;

/// <summary>The vendors' terms of a rule set. Immutable; safe for concurrent use.</summary>
public sealed class VendorRules
{
    private readonly Dictionary<Utf8, VendorTerms>.AlternateLookup<ReadOnlySpan<byte>> _terms;
    private readonly Dictionary<Utf8, VendorAgreements>.AlternateLookup<ReadOnlySpan<byte>> _agreements;

    internal VendorRules(Utf8 version, Dictionary<Utf8, VendorTerms> terms, VendorTerms others,
        Dictionary<Utf8, VendorAgreements> agreements)
    {
        Version = version;
        Others = others;
        _terms = terms.GetAlternateLookup<ReadOnlySpan<byte>>();
        _agreements = agreements.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Version of the document.</summary>
    public Utf8 Version { get; }

    /// <summary>Terms for vendors without an agreement of their own.</summary>
    public VendorTerms Others { get; }

    /// <summary>The compliance agreements of all vendors, in no order.</summary>
    public IEnumerable<Agreement> Agreements => _agreements.Dictionary.Values.SelectMany(agreements => agreements.All);

    /// <summary>The vendor's terms.</summary>
    public VendorTerms Of(ReadOnlySpan<byte> vendor) =>
        _terms.TryGetValue(vendor, out var terms) ? terms : Others;

    /// <summary>What the vendor's goods are measured by; none where nothing was agreed, and nothing is then held against it.</summary>
    public VendorAgreements AgreementsWith(ReadOnlySpan<byte> vendor) =>
        _agreements.TryGetValue(vendor, out var agreements) ? agreements : VendorAgreements.None;
}
