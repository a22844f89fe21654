using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Returns.Contracts;
using Returns.Contracts.Avro;
using Returns.Contracts.Resolution;
using Returns.Contracts.Wire;
using Returns.Streams;
using Returns.Topologies.Compliance;
using Returns.Topologies.Recovery;
using Returns.Topologies.Triage;

namespace Returns.Cli.DeadLetters;

/// <summary>What today's roles take: asked of their own topologies, so that it is what they would say of the record. For one thread.</summary>
internal sealed class Intake
{
    private readonly ISchemaIds _schemas;
    private readonly Topology[] _topologies;
    private readonly Dictionary<string, (AvroSchema Schema, int Id)> _inputs = [];
    private readonly Dictionary<string, RecordCheck> _checks = [];
    private byte[] _buffer = [];

    /// <param name="schemas">Where schema ids come from.</param>
    /// <exception cref="SchemaRegistryException">The registry did not answer, or refused a schema.</exception>
    public Intake(ISchemaIds schemas)
    {
        _schemas = schemas;
        if (schemas is RegistrySchemaIds registry)
        {
            TriageTopology.Register(registry);
            ComplianceTopology.Register(registry);
            RecoveryTopology.Register(registry);
        }
        var metrics = Metrics.WithCustomRegistry(Metrics.NewCustomRegistry());
        _topologies =
        [
            TriageTopology.Build(schemas, metrics, NullLogger.Instance),
            ComplianceTopology.Build(schemas, 1, metrics, NullLogger.Instance),
            RecoveryTopology.Build(schemas, 1, metrics),
        ];
        Input<ItemScan>(Topics.Scans);
        Input<OperatorOverride>(Topics.Overrides);
        Input<StationHeartbeat>(Topics.Heartbeats);
        Input<Settlement>(Topics.Settlements);

        void Input<T>(string topic) where T : class, IAvroRecord<T>, new() => _inputs.Add(topic, (AvroSchema.Parse(T.SchemaJson), schemas.IdOf<T>(topic)));
    }

    /// <summary>Why a letter must not be written to its source again, whatever its bytes are; null where it may.</summary>
    public string? Barred(DeadLetter letter)
    {
        var topic = letter.Source.Topic;
        if (topic.Length == 0)
        {
            return "it does not say which topic it came from";
        }
        if (letter.ErrorClass == Rejection.PartlyTooLate)
        {
            return "some of its windows took it: to process it again would count it twice";
        }
        if (Array.Find(_topologies, t => t.Sinks.Any(s => s.Topic == topic)) is { } writer)
        {
            return $"{topic} is written by {writer.Application} alone, and its other readers have this record already: redrive what it was made from";
        }
        return _inputs.ContainsKey(topic) ? null : $"{topic} is no stream that scanners or operators publish to: {string.Join(", ", _inputs.Keys)}";
    }

    /// <summary>What a role would reject a record of a topic for; null where it would take it.</summary>
    /// <exception cref="SchemaRegistryException">The registry could not be asked.</exception>
    public Rejection? Rejected(Place source, byte[]? key, byte[]? value)
    {
        if (!_checks.TryGetValue(source.Topic, out var check))
        {
            check = _topologies.SelectMany(t => t.SubTopologies).SelectMany(s => s.Sources).FirstOrDefault(s => s.Topic == source.Topic)?.Check()
                ?? throw new ArgumentException($"no role reads {source.Topic} as a stream", nameof(source));
            _checks.Add(source.Topic, check);
        }
        var record = new InputRecord(source.Topic, source.Partition, source.Offset, key, key is not null, value, value is not null);
        return check(record, out var rejection) ? null : rejection;
    }

    /// <summary>Whether a topic is one that scanners or operators publish to.</summary>
    public bool IsInput(string topic) => _inputs.ContainsKey(topic);

    /// <summary>The schema that a value was written with, by its id.</summary>
    /// <returns>False where the value names none that is known here; <paramref name="problem"/> then says what it names.</returns>
    public bool TryWriter(byte[]? value, out int id, [NotNullWhen(true)] out AvroSchema? schema, [NotNullWhen(false)] out string? problem)
    {
        (id, schema, problem) = (0, null, null);
        if (value is null)
        {
            problem = "it has no value";
        }
        else if (!ConfluentWire.TryRead(value, out id, out _))
        {
            problem = new DecodeError(DecodeErrorClass.NotWireFormat, 0, null).ToString();
        }
        else if (_schemas.Find(id) is not { } json)
        {
            problem = new DecodeError(DecodeErrorClass.UnknownSchema, id, null).ToString();
        }
        else
        {
            try
            {
                schema = AvroSchema.Parse(json);
                return true;
            }
            catch (FormatException error)
            {
                problem = $"schema id {id}: {error.Message}";
            }
        }
        return false;
    }

    /// <summary>Today's schema of an input, and the id that records of it are written under.</summary>
    public (AvroSchema Schema, int Id) SchemaOf(string topic) => _inputs[topic];

    /// <summary>A value of an input as JSON by today's schema, whichever it was written with.</summary>
    /// <exception cref="FormatException">It cannot be read so; the message says why.</exception>
    public byte[] ToJson(string topic, byte[]? value)
    {
        if (!TryWriter(value, out _, out var writer, out var problem))
        {
            throw new FormatException(problem);
        }
        var resolution = SchemaResolution.Create(writer, _inputs[topic].Schema);
        var body = value.AsSpan(ConfluentWire.HeaderLength);
        if (!resolution.TryTranscode(body, ref _buffer, out var length, out var error))
        {
            throw new FormatException(error.ToString());
        }
        return ToJson(_inputs[topic].Schema, _buffer[..length], indented: false) ?? throw new FormatException("its values are not what its schema says");
    }

    /// <summary>An Avro body as JSON; null where it is no record of the schema.</summary>
    public static byte[]? ToJson(AvroSchema schema, byte[] body, bool indented)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            if (!AvroJson.TryWrite(schema, body, json, out _))
            {
                return null;
            }
        }
        return stream.ToArray();
    }

    /// <summary>A value of an input that is given as JSON by today's schema.</summary>
    /// <exception cref="FormatException">It is no such record; the message names the field.</exception>
    public byte[] FromJson(string topic, JsonElement json)
    {
        var (schema, id) = _inputs[topic];
        var body = AvroJson.Encode(schema, json);
        var value = new byte[ConfluentWire.HeaderLength + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(1), id);
        body.CopyTo(value, ConfluentWire.HeaderLength);
        return value;
    }
}
