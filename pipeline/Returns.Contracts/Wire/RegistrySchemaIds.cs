using System.Collections.Concurrent;
using System.Text.Json;

namespace Returns.Contracts.Wire;

/// <summary>The ids of a Confluent Schema Registry, or of any that answers the same two calls.</summary>
/// <remarks>
/// <para>Subjects are named as Confluent's clients name them: the topic and <c>-value</c>. <see cref="Register{T}"/> is
/// called at start, once per topic written or read; after that only an id not met before costs a request.</para>
/// <para>Safe across threads. Calls block: a request is tried three times where the registry does not answer or answers 5xx,
/// so that a restart of it is survived, which takes up to three times the timeout and 1.5 seconds.</para>
/// </remarks>
public sealed class RegistrySchemaIds : ISchemaIds, IDisposable
{
    /// <summary>How long an id unknown to the registry is taken as unknown: hostile ids must not cost a request each.</summary>
    private static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(30);
    private const int MaximumUnknown = 1024;

    private readonly RegistryClient _client;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<(string Topic, string Schema), int> _ids = [];
    private readonly ConcurrentDictionary<int, string> _schemas = [];
    private readonly ConcurrentDictionary<int, long> _unknown = [];

    /// <summary>Sends nothing yet.</summary>
    /// <param name="url">Such as <c>https://USER:PASSWORD@HOST:8081</c>; user and password are sent as basic authentication.</param>
    /// <param name="timeout">Of each try; 5 seconds where none is given.</param>
    /// <param name="time">The clock; the system's where none is given.</param>
    /// <exception cref="FormatException"><paramref name="url"/> is not an absolute http or https URL.</exception>
    public RegistrySchemaIds(string url, TimeSpan? timeout = null, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _client = new RegistryClient(url, timeout ?? TimeSpan.FromSeconds(5), _time);
    }

    /// <summary>Registers the schema of <typeparamref name="T"/> for a topic, or finds the id it has there already.</summary>
    /// <exception cref="SchemaRegistryException">The registry did not answer, or refused the schema.</exception>
    public int Register<T>(string topic) where T : class, IAvroRecord<T>, new()
    {
        var path = $"subjects/{Uri.EscapeDataString($"{topic}-value")}/versions";
        var body = JsonSerializer.Serialize(new Dictionary<string, string> { ["schema"] = T.SchemaJson });
        var answer = _client.Post(path, body);
        if (RegistryClient.Number(answer, "id") is not { } id || id <= 0)
        {
            throw _client.NotARegistry($"POST /{path}", "answered without an id");
        }
        _ids[(topic, T.SchemaName)] = id;
        return id;
    }

    /// <inheritdoc/>
    public int IdOf<T>(string topic) where T : class, IAvroRecord<T>, new() =>
        _ids.TryGetValue((topic, T.SchemaName), out var id)
            ? id
            : throw new InvalidOperationException($"{_client}: {T.SchemaName} was not registered for topic '{topic}' at start");

    /// <inheritdoc/>
    public string? Find(int id)
    {
        if (_schemas.TryGetValue(id, out var known))
        {
            return known;
        }
        if (id <= 0 || (_unknown.TryGetValue(id, out var since) && _time.GetElapsedTime(since) < UnknownFor))
        {
            return null;
        }
        var path = FormattableString.Invariant($"schemas/ids/{id}");
        if (_client.Get(path) is not { } answer)
        {
            if (_unknown.Count >= MaximumUnknown)
            {
                _unknown.Clear();
            }
            _unknown[id] = _time.GetTimestamp();
            return null;
        }
        if (!answer.TryGetProperty("schema", out var schema) || schema.ValueKind != JsonValueKind.String)
        {
            throw _client.NotARegistry($"GET /{path}", "answered without a schema");
        }
        return _schemas.GetOrAdd(id, schema.GetString()!);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _client.Dispose();
}
