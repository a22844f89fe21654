namespace Returns.Contracts.Avro;

/// <summary>What is wrong with bytes that cannot be decoded.</summary>
public enum DecodeErrorClass
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The bytes end inside a value.</summary>
    Truncated,

    /// <summary>A variable-length integer is longer than its type allows.</summary>
    BadNumber,

    /// <summary>A length or a block count is negative, or more than the bytes that are left.</summary>
    BadLength,

    /// <summary>An enum or union index is outside the schema.</summary>
    BadIndex,

    /// <summary>A string is not valid UTF-8.</summary>
    BadUtf8,

    /// <summary>A boolean is neither 0 nor 1.</summary>
    BadBoolean,

    /// <summary>A decimal or a currency code is outside what its logical type allows.</summary>
    BadValue,

    /// <summary>Bytes are left over behind the record.</summary>
    TrailingBytes,

    /// <summary>The value is not in the Confluent wire format: byte 0, then a four-byte schema id.</summary>
    NotWireFormat,

    /// <summary>The schema id is not known here.</summary>
    UnknownSchema,

    /// <summary>The writer's schema, or this value of it, cannot be resolved to the reader's.</summary>
    Incompatible,

    /// <summary>The record is larger or nested deeper than is accepted.</summary>
    Limit,
}

/// <summary>Why, and where, bytes could not be decoded. The default value is no error.</summary>
/// <param name="Class">What is wrong.</param>
/// <param name="Offset">Offset in bytes into the Avro body, or the schema id for <see cref="DecodeErrorClass.UnknownSchema"/>.</param>
/// <param name="Field">The field being read, or null; what is wrong for <see cref="DecodeErrorClass.Incompatible"/> and
/// <see cref="DecodeErrorClass.Limit"/>.</param>
public readonly record struct DecodeError(DecodeErrorClass Class, int Offset, string? Field)
{
    /// <summary>A sentence for the dead-letter record.</summary>
    public override string ToString() => Class switch
    {
        DecodeErrorClass.None => "no error",
        DecodeErrorClass.UnknownSchema =>
            $"schema id {Offset} is not known: publish with an id of schemas/, or configure the Schema Registry that gave it",
        DecodeErrorClass.NotWireFormat =>
            "the value is not in the Confluent wire format: byte 0, the schema id as four bytes big-endian, the Avro body",
        DecodeErrorClass.Incompatible => $"the writer's schema cannot be resolved: {Field}",
        DecodeErrorClass.Limit => $"the record is over a limit: {Field}",
        _ => $"{Class} at byte {Offset} of the body{(Field is null ? "" : $", field '{Field}'")}",
    };
}
