namespace Returns.Contracts.Wire;

/// <summary>Where schema ids come from: a Schema Registry where one is configured, schemas/ where none is.</summary>
/// <remarks>Safe across threads.</remarks>
public interface ISchemaIds
{
    /// <summary>The id under which records of <typeparamref name="T"/> are written to <paramref name="topic"/>.</summary>
    /// <exception cref="InvalidOperationException">A registry gives the ids, and was not asked for this one at start.</exception>
    int IdOf<T>(string topic) where T : class, IAvroRecord<T>, new();

    /// <summary>The schema of an id as JSON, or null when nobody knows the id. May block: it is asked once per id, not per record.</summary>
    /// <exception cref="SchemaRegistryException">The registry could not be asked. The record is not at fault: do not dead-letter
    /// it, try again later or stop.</exception>
    string? Find(int id);
}
