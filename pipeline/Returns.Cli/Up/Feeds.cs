using Returns.Domain.Rules;
using Returns.Simulator;
using Returns.Simulator.Conveyors;
using Returns.Simulator.Replays;

namespace Returns.Cli.Up;

/// <summary>Opens what a run streams: a file, or a shift.</summary>
internal static class Feeds
{
    /// <summary>Event time of the first simulated shift: a Monday's early morning. Fixed, so that the same command is the same run.</summary>
    private static readonly DateTimeOffset FirstShift = new(2026, 1, 5, 5, 0, 0, TimeSpan.Zero);

    /// <summary>Opens the file, or makes the shift of this number.</summary>
    /// <exception cref="UpException">The file cannot be read, or is in another layout.</exception>
    public static ScanFeed Open(UpOptions options, RuleBook book, int shift)
    {
        if (options.Input is not { } input)
        {
            return SimulatedShift.Create(book, new ShiftOptions
            {
                Seed = options.Seed,
                Units = options.Units!.Value,
                StartsAt = FirstShift.AddDays(shift).ToUnixTimeMilliseconds(),
            });
        }
        var rules = book.Find(System.Text.Encoding.UTF8.GetBytes(FileReplay.Program)) ?? throw new UpException($"there are no rules for the program '{FileReplay.Program}', nor for every program");
        try
        {
            return FileReplay.Open(input, rules, options.Seed, options.Units);
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new UpException($"--input {input}: {error.Message}");
        }
    }
}
