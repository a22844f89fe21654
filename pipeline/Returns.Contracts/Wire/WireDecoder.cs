using Returns.Contracts.Avro;
using Returns.Contracts.Resolution;

namespace Returns.Contracts.Wire;

/// <summary>Decodes values of one event in the Confluent wire format, whichever of its schemas they were written with.</summary>
/// <remarks>
/// Values of the reader's own id go straight to the generated decoder. Another id costs a look-up the first time it is met;
/// from then on its values are rewritten by a <see cref="SchemaResolution"/> before they are decoded, without allocating.
/// For one thread at a time: each task has its own.
/// </remarks>
public sealed class WireDecoder<T> where T : class, IAvroRecord<T>, new()
{
    private readonly int _ownId;
    private readonly ISchemaIds _schemas;
    private readonly Dictionary<int, Writer> _writers = [];
    private byte[] _buffer = [];

    /// <summary>Decodes values that carry the ids of schemas/.</summary>
    public WireDecoder() : this(T.SchemaId, LocalSchemaIds.BuiltIn)
    {
    }

    /// <summary>Decodes values of a topic.</summary>
    /// <exception cref="InvalidOperationException">The registry was not asked for the topic's id at start.</exception>
    public WireDecoder(ISchemaIds schemas, string topic) : this((schemas ?? throw new ArgumentNullException(nameof(schemas))).IdOf<T>(topic), schemas)
    {
    }

    private WireDecoder(int ownId, ISchemaIds schemas) => (_ownId, _schemas) = (ownId, schemas);

    /// <summary>Decodes a value into <paramref name="into"/>, whose earlier content is gone in any case.</summary>
    /// <returns>False when the value cannot be decoded; <paramref name="error"/> then says why. For a value written with
    /// another schema, its offset goes into the body as it was written.</returns>
    /// <exception cref="SchemaRegistryException">The value has an id not met before, and the registry could not be asked. The
    /// value is not at fault.</exception>
    public bool TryDecode(ReadOnlySpan<byte> value, T into, out DecodeError error)
    {
        if (!ConfluentWire.TryRead(value, out var id, out var body))
        {
            error = new DecodeError(DecodeErrorClass.NotWireFormat, 0, null);
            return false;
        }
        return id == _ownId ? T.TryDecode(body, into, out error) : TryResolve(id, body, into, out error);
    }

    private bool TryResolve(int id, ReadOnlySpan<byte> body, T into, out DecodeError error)
    {
        if (!_writers.TryGetValue(id, out var writer))
        {
            if (_schemas.Find(id) is not { } schema)
            {
                error = new DecodeError(DecodeErrorClass.UnknownSchema, id, null);
                return false;
            }
            writer = Writer.Of(id, schema);
            _writers.Add(id, writer);
        }
        if (writer.Resolution is not { } resolution)
        {
            error = new DecodeError(DecodeErrorClass.Incompatible, 0, writer.Problem);
            return false;
        }
        if (resolution.IsIdentity)
        {
            return T.TryDecode(body, into, out error);
        }
        if (!resolution.TryTranscode(body, ref _buffer, out var length, out error))
        {
            return false;
        }
        return T.TryDecode(_buffer.AsSpan(0, length), into, out error);
    }

    /// <summary>What is known of a writer's schema: how to read it, or why not.</summary>
    private readonly record struct Writer(SchemaResolution? Resolution, string? Problem)
    {
        public static Writer Of(int id, string schema)
        {
            try
            {
                return new Writer(SchemaResolution.Create(AvroSchema.Parse(schema), AvroSchema.Parse(T.SchemaJson)), null);
            }
            catch (FormatException error)
            {
                return new Writer(null, $"schema id {id}: {error.Message}");
            }
        }
    }
}
