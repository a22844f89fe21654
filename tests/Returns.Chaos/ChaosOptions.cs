using System.Globalization;

namespace Returns.Chaos;

/// <summary>What a run is told.</summary>
internal sealed record ChaosOptions
{
    public const string Usage =
        """
        usage: Returns.Chaos [--rounds N] [--seed N] [--units N]
          --rounds N   rounds, each with a seed that follows from the one before (5)
          --seed N     seed of the first round; a round that failed is run again by its own (drawn, and printed)
          --units N    units of a round (500)
        RETURNS_TEST_KAFKA=HOST:PORT runs it on another broker, which is not killed and whose connections are not cut.
        """;

    public int Rounds { get; init; } = 5;

    public int Seed { get; init; } = Random.Shared.Next();

    public int Units { get; init; } = 500;

    /// <summary>HOST:PORT of another broker; null starts the local one.</summary>
    public string? Kafka { get; init; }

    /// <summary>The workers' session and transaction timeout: as short as the broker takes.</summary>
    /// <remarks>Apache Kafka's least session timeout, unless it is configured, is 6 s.</remarks>
    public TimeSpan SessionTimeout => TimeSpan.FromSeconds(Kafka is null ? 3 : 6);

    /// <summary>Reads the command line and the environment.</summary>
    /// <exception cref="FormatException">An option is unknown or wrong.</exception>
    public static ChaosOptions Read(string[] arguments)
    {
        var options = new ChaosOptions { Kafka = Environment.GetEnvironmentVariable("RETURNS_TEST_KAFKA") is { Length: > 0 } kafka ? kafka : null };
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var number = i + 1 < arguments.Length && int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var given)
                ? given
                : throw new FormatException($"{arguments[i]}: a number is missing, or the option is not known");
            options = arguments[i] switch
            {
                "--rounds" when number > 0 => options with { Rounds = number },
                "--seed" => options with { Seed = number },
                "--units" when number > 0 => options with { Units = number },
                _ => throw new FormatException($"{arguments[i]} {number}: no such option, or the number is 0"),
            };
        }
        return options;
    }
}
