using System.CommandLine;
using System.Globalization;
using Confluent.Kafka;
using Returns.Cli.Up;
using Returns.Contracts.Wire;

namespace Returns.Cli.DeadLetters;

/// <summary>The command line of <c>returns dlq</c>.</summary>
internal static class DlqCommand
{
    private const int SomeHeld = 3;
    private const int Stopped = 130;
    private const string PlaceHelp = "PARTITION:OFFSET in returns.dlq, or TOPIC:PARTITION:OFFSET of the record that it holds";

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var kafka = new KafkaOptions();
        var registry = new RegistryOption();
        var classes = new Option<string[]>("--class") { Description = "Only letters of this error class, such as UnknownSchema; may be given more than once.", HelpName = "CLASS" };
        var source = new Option<string?>("--source") { Description = "Only records that were read from this topic, or partition of it.", HelpName = "TOPIC[:PARTITION]" };
        var since = Times.Option("--since", "Only letters put there then or later.");
        var until = Times.Option("--until", "Only letters put there before.");
        var json = new Option<bool>("--json") { Description = "As JSON." };

        var list = kafka.On(new Command("list", "List dead letters, each with its place, class, source and key, and count them by class.") { classes, source, since, until, json });
        list.SetAction((result, cancel) => ListAsync(kafka.Read(result, "returns.dlq"), Filter(result, []), result.GetValue(json), cancel));

        var place = Place(new Argument<Place>("PLACE") { Description = $"The letter: {PlaceHelp}." });
        var raw = new Option<bool>("--raw") { Description = "The value's bytes and nothing else, to try a filter with." };
        var show = registry.On(kafka.On(new Command("show", "Show a dead letter: the reason, its bytes, what they say, and what would become of it today.") { place, raw, json }));
        show.SetAction(async (result, cancel) =>
        {
            using var registered = registry.Read(result, out var schemas);
            return await ShowAsync(kafka.Read(result, "returns.dlq"), result.GetValue(place), schemas, result.GetValue(raw), result.GetValue(json), cancel);
        });

        var places = Places(new Argument<Place[]>("PLACE") { Description = $"Letters to redrive: {PlaceHelp}. None where the options say which.", Arity = ArgumentArity.ZeroOrMore });
        var all = new Option<bool>("--all") { Description = "Every letter, where nothing else says which." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be done." };
        var rate = new Option<int?>("--rate") { Description = "The most records a second.", HelpName = "N" };
        var set = new Option<string[]>("--set") { Description = "Set a field of the record, as pricePaid.currency=GBP; may be given more than once.", HelpName = "FIELD=VALUE" };
        var filter = new Option<string?>("--filter") { Description = "Pass each value through this shell command: its bytes in, other bytes out, or JSON as 'show' prints it.", HelpName = "COMMAND" };
        var keyFrom = new Option<string?>("--key-from") { Description = "Take the key from this field, as lpn, where it was published with another or none.", HelpName = "FIELD" };
        var redrive = registry.On(kafka.On(new Command("redrive", "Write dead letters to their topics again, each once, marked, and only if they would be taken today.")
        {
            places, classes, source, since, until, all, dryRun, rate, set, filter, keyFrom,
        }));
        redrive.Validators.Add(result =>
        {
            if (result.GetValue(rate) is < 1)
            {
                result.AddError("--rate: give at least 1 a second");
            }
            if ((result.GetValue(set) ?? []).FirstOrDefault(s => s.IndexOf('=', StringComparison.Ordinal) < 1) is { } wrong)
            {
                result.AddError($"--set: '{wrong}' is no FIELD=VALUE");
            }
        });
        redrive.SetAction(async (result, cancel) =>
        {
            using var registered = registry.Read(result, out var schemas);
            var edit = new LetterEdit(result.GetValue(filter), [.. (result.GetValue(set) ?? []).Select(s => (s[..s.IndexOf('=', StringComparison.Ordinal)], s[(s.IndexOf('=', StringComparison.Ordinal) + 1)..]))], result.GetValue(keyFrom));
            var which = Filter(result, result.GetValue(places) ?? []);
            if (which.IsEmpty != result.GetValue(all))
            {
                throw new UpException(which.IsEmpty ? "which letters? Name places, or give --class, --source, --since or --until, or --all" : "--all: the other arguments say which letters; leave it out");
            }
            return await RedriveAsync(kafka.Read(result, "returns.dlq"), which, edit, schemas, result.GetValue(dryRun), result.GetValue(rate), cancel);
        });

        return new Command("dlq", "Dead letters: records that could not be processed, with their bytes and the reason.") { list, show, redrive };

        LetterFilter Filter(ParseResult result, IReadOnlyList<Place> places)
        {
            string? topic = null;
            int? partition = null;
            if (result.GetValue(source) is { } from && !LetterFilter.TryParseSource(from, out topic, out partition))
            {
                throw new UpException($"--source: '{from}' is no TOPIC or TOPIC:PARTITION, such as returns.scans:3");
            }
            return new LetterFilter
            {
                Classes = result.GetValue(classes) ?? [],
                Topic = topic,
                Partition = partition,
                Since = result.GetValue(since),
                Until = result.GetValue(until),
                Places = places.ToHashSet(),
            };
        }
    }

    private static async Task<int> ListAsync(ClientConfig client, LetterFilter filter, bool json, CancellationToken cancel)
    {
        var classes = new SortedDictionary<(string Class, string Topic), (long Letters, long Redriven)>();
        await Progress.DuringAsync("reading dead letters", progress =>
        {
            using var log = new DeadLetterLog(client, progress, cancel);
            log.Read(filter, letter =>
            {
                var redriven = log.RedrivenAs(letter);
                progress.Say(json ? LetterText.JsonLine(letter, redriven) : LetterText.Line(letter, redriven));
                var key = (letter.ErrorClass, letter.Source.Topic);
                var (letters, done) = classes.GetValueOrDefault(key);
                classes[key] = (letters + 1, done + (redriven is null ? 0 : 1));
            });
            return 0;
        });
        if (!json)
        {
            foreach (var (key, (letters, redriven)) in classes)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{letters,10:N0} {key.Class} of {key.Topic}{(redriven > 0 ? $", {redriven:N0} of them redriven" : "")}"));
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{classes.Values.Sum(c => c.Letters),10:N0} dead letters, {classes.Values.Sum(c => c.Letters - c.Redriven):N0} of them not redriven"));
        }
        return 0;
    }

    private static async Task<int> ShowAsync(ClientConfig client, Place place, ISchemaIds schemas, bool raw, bool json, CancellationToken cancel)
    {
        var (letter, redriven) = await Progress.DuringAsync("reading dead letters", progress =>
        {
            using var log = new DeadLetterLog(client, progress, cancel);
            DeadLetter? found = null;
            log.Read(new LetterFilter { Places = new HashSet<Place> { place } }, letter => found = letter);
            return (found, found is null ? null : log.RedrivenAs(found));
        });
        if (letter is null)
        {
            throw new UpException($"no dead letter is at {place}: 'returns dlq list' shows their places");
        }
        if (raw)
        {
            using var output = Console.OpenStandardOutput();
            output.Write(letter.Value ?? []);
            return 0;
        }
        var intake = Asked(() => new Intake(schemas));
        Console.WriteLine(Asked(() => json ? LetterText.JsonPage(letter, redriven, intake) : LetterText.Page(letter, redriven, intake).TrimEnd()));
        return 0;
    }

    private static async Task<int> RedriveAsync(ClientConfig client, LetterFilter filter, LetterEdit edit, ISchemaIds schemas, bool dryRun, int? rate, CancellationToken cancel)
    {
        var intake = Asked(() => new Intake(schemas));
        var count = await Progress.DuringAsync(dryRun ? "dry run" : "redriving", progress => Asked(() =>
        {
            using var redrive = new Redrive(client, intake, edit, dryRun, rate, cancel);
            using var log = new DeadLetterLog(client, progress, cancel);
            return redrive.Run(log, filter, progress.Say);
        }));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count.Sent:N0} {(dryRun ? "would be redriven" : "redriven")}, {count.Held:N0} not, {count.Earlier:N0} redriven before{(count.Stopped ? "; stopped before the last" : "")}"));
        return count.Stopped ? Stopped : count.Held > 0 ? SomeHeld : 0;
    }

    private static T Asked<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (SchemaRegistryException error)
        {
            throw new UpException(error.Message);
        }
    }

    private static Argument<Place> Place(Argument<Place> argument)
    {
        argument.CustomParser = result => Parse(result, result.Tokens[0].Value);
        return argument;
    }

    private static Argument<Place[]> Places(Argument<Place[]> argument)
    {
        argument.CustomParser = result => [.. result.Tokens.Select(token => Parse(result, token.Value))];
        return argument;
    }

    private static Place Parse(System.CommandLine.Parsing.ArgumentResult result, string text)
    {
        if (!DeadLetters.Place.TryParse(text, out var place))
        {
            result.AddError($"'{text}' is no place: {PlaceHelp}");
        }
        return place;
    }
}
