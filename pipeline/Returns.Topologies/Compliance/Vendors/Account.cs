using Returns.Contracts;
using Returns.Domain.Compliance;

namespace Returns.Topologies.Compliance.Vendors;

/// <summary>A vendor under one agreement: what its figures are kept for. Immutable.</summary>
/// <param name="Id">Hash of program, vendor and agreement; its entries' keys begin with it.</param>
/// <param name="Program">The retailer.</param>
/// <param name="Vendor">The vendor.</param>
/// <param name="Agreement">The agreement.</param>
internal sealed record Account(UInt128 Id, Utf8 Program, Utf8 Vendor, Agreement Agreement);
