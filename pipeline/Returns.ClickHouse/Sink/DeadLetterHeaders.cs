using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace Returns.ClickHouse.Sink;

/// <summary>What the headers of a dead letter say. A missing or unreadable one leaves its default: a dead letter is never refused.</summary>
/// <param name="Topic">Where the record first stood, or empty.</param>
/// <param name="Partition">Its partition there, or -1.</param>
/// <param name="Offset">Its offset there, or -1.</param>
/// <param name="ErrorClass">What is wrong, in a word.</param>
/// <param name="ErrorMessage">What is wrong, in a sentence.</param>
internal readonly record struct DeadLetterHeaders(string Topic, int Partition, long Offset, string ErrorClass, string ErrorMessage)
{
    public static DeadLetterHeaders Read(Headers? headers) => new(
        Text(headers, "source.topic"),
        int.TryParse(Text(headers, "source.partition"), NumberStyles.None, CultureInfo.InvariantCulture, out var partition) ? partition : -1,
        long.TryParse(Text(headers, "source.offset"), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : -1,
        Text(headers, "error.class"),
        Text(headers, "error.message"));

    /// <summary>A header by the stream runtime's name, or by that name with the prefix that other publishers may give it.</summary>
    private static string Text(Headers? headers, string name) =>
        headers is not null && (headers.TryGetLastBytes(name, out var bytes) || headers.TryGetLastBytes("returns." + name, out bytes)) && bytes is not null
            ? Encoding.UTF8.GetString(bytes)
            : "";
}
