using System.Text;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Domain;
using Returns.Streams;

namespace Returns.Topologies.Triage.Tables;

/// <summary>What the retailers know of their SKUs, by program|SKU. For one stream thread.</summary>
internal sealed class CatalogTable : GlobalTable
{
    private readonly WireDecoder<CatalogItem> _wire;
    private readonly CatalogItem _item = new();
    private readonly Dictionary<Utf8, CatalogFacts> _facts = new(Utf8Comparer.Instance);
    private readonly Dictionary<Utf8, CatalogFacts>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private byte[] _key = new byte[256];

    public CatalogTable(ISchemaIds schemas)
    {
        _wire = new WireDecoder<CatalogItem>(schemas, Topics.Catalog);
        _lookup = _facts.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Facts of a SKU, or null where the catalogue does not know it.</summary>
    public CatalogFacts? Find(ReadOnlySpan<byte> program, ReadOnlySpan<byte> sku) =>
        _lookup.TryGetValue(Key(program, sku), out var facts) ? facts : null;

    /// <summary>The key of a SKU; holds until the next call.</summary>
    public ReadOnlySpan<byte> Key(ReadOnlySpan<byte> program, ReadOnlySpan<byte> sku)
    {
        var length = program.Length + 1 + sku.Length;
        if (length > _key.Length)
        {
            _key = new byte[length * 2];
        }
        program.CopyTo(_key);
        _key[program.Length] = (byte)'|';
        sku.CopyTo(_key.AsSpan(program.Length + 1));
        return _key.AsSpan(0, length);
    }

    /// <inheritdoc/>
    public override bool TryApply(in InputRecord record, out Rejection rejection)
    {
        rejection = default;
        if (!record.HasValue)
        {
            _facts.Remove(Utf8.From(record.Key));
            return true;
        }
        if (!_wire.TryDecode(record.Value, _item, out var error))
        {
            rejection = new Rejection(error.Class.ToString(), error.ToString());
            return false;
        }
        if (!record.Key.SequenceEqual(Key(_item.Program.Span, _item.Sku.Span)))
        {
            rejection = new Rejection("KeyMismatch",
                $"the key is '{Encoding.UTF8.GetString(record.Key)}' and the item '{_item.Program}|{_item.Sku}': publish with program|SKU as the key");
            return false;
        }
        if (!CatalogFacts.TryCreate(_item, out var facts, out var problem))
        {
            rejection = new Rejection("ValueOutOfRange", $"SKU '{_item.Sku}' of '{_item.Program}': {problem}: correct it and publish again");
            return false;
        }
        _facts[Utf8.From(record.Key)] = facts!;
        return true;
    }
}
