using Confluent.Kafka;

namespace Returns.Streams.Kafka;

/// <summary>Settings that every Kafka client of a process shares, from a file of librdkafka properties: servers, SASL, TLS.</summary>
public static class ClientProperties
{
    private static readonly string[] Secret = ["password", "secret", "pem", "oauthbearer.config", "sasl.jaas"];

    /// <summary>Reads <c>name=value</c> lines; empty ones and those that begin with <c>#</c> are passed over.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="FormatException">The file cannot be read, a line is no property, or librdkafka does not know or take
    /// one; the message has no value of a secret property.</exception>
    public static ClientConfig Read(string file)
    {
        var config = new ClientConfig();
        try
        {
            var number = 0;
            foreach (var line in File.ReadLines(file).Select(l => l.Trim()))
            {
                number++;
                if (line.Length == 0 || line[0] == '#')
                {
                    continue;
                }
                var equals = line.IndexOf('=', StringComparison.Ordinal);
                if (equals < 1)
                {
                    throw new FormatException($"{file}:{number}: expected name=value, such as security.protocol=SASL_SSL");
                }
                config.Set(line[..equals].Trim(), line[(equals + 1)..].Trim());
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{file}: {error.Message}");
        }
        Check(file, config);
        return config;
    }

    /// <summary>A client that is made of them, and connects to nothing, finds what librdkafka does not take.</summary>
    private static void Check(string file, ClientConfig config)
    {
        try
        {
            using var client = new AdminClientBuilder(new AdminClientConfig(config.Where(p => p.Key != "bootstrap.servers").ToDictionary(p => p.Key, p => p.Value)))
                .SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or KafkaException)
        {
            var message = error.Message;
            foreach (var (name, value) in config.Where(p => p.Value.Length > 0 && Array.Exists(Secret, s => p.Key.Contains(s, StringComparison.OrdinalIgnoreCase))))
            {
                message = message.Replace(value, $"(the value of {name})", StringComparison.Ordinal);
            }
            throw new FormatException($"{file}: {message}");
        }
    }
}
