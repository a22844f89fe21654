using System.CommandLine;
using System.Globalization;
using Returns.Cli.Up;
using Returns.Domain.Recovery;

namespace Returns.Cli.Reports;

/// <summary>The command line of <c>returns baseline</c>.</summary>
internal static class BaselineCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var server = new ClickHouseOptions();
        var from = new Option<string>("--from") { Description = "First day, UTC, such as 2011-01-01.", Required = true, HelpName = "DAY" };
        var to = new Option<string>("--to") { Description = "The day after the last, such as 2011-04-01.", Required = true, HelpName = "DAY" };

        var pin = server.On(new Command("pin", "Fix the period that every report shows its change against.") { from, to });
        pin.Validators.Add(result =>
        {
            DateOnly end = default;
            var hasStart = Period.TryParseDay(result.GetValue(from) ?? "", out var start);
            if (!hasStart || !Period.TryParseDay(result.GetValue(to) ?? "", out end))
            {
                result.AddError($"{(hasStart ? "--to" : "--from")}: '{(hasStart ? result.GetValue(to) : result.GetValue(from))}' is no day such as 2011-01-01");
            }
            else if (end <= start)
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"--to: {end:yyyy-MM-dd} is not after --from {start:yyyy-MM-dd}: it is the day after the last"));
            }
        });
        pin.SetAction((result, cancel) => server.RunAsync(result, async clickHouse =>
        {
            _ = Period.TryParseDay(result.GetValue(from)!, out var start);
            _ = Period.TryParseDay(result.GetValue(to)!, out var end);
            var period = new Period(start, end);
            var figures = await new FigureStore(clickHouse).DaysAsync(period, cancel);
            if (figures.Populations.Count == 0)
            {
                throw new UpException($"no units were received in {period}: nothing could be held against it; choose a period with figures");
            }
            await new Baselines(clickHouse).PinAsync(period, cancel);
            Say(period, figures);
            return 0;
        }, cancel));

        var show = server.On(new Command("show", "Show the period that is pinned, and its figures."));
        show.SetAction((result, cancel) => server.RunAsync(result, async clickHouse =>
        {
            if (await new Baselines(clickHouse).PinnedAsync(cancel) is not { } period)
            {
                Console.WriteLine("no baseline is pinned: returns baseline pin --from DAY --to DAY");
                return 0;
            }
            Say(period, await new FigureStore(clickHouse).DaysAsync(period, cancel));
            return 0;
        }, cancel));

        var clear = server.On(new Command("clear", "Leave reports without a baseline."));
        clear.SetAction((result, cancel) => server.RunAsync(result, async clickHouse =>
        {
            await new Baselines(clickHouse).ClearAsync(cancel);
            Console.WriteLine("no baseline is pinned any more");
            return 0;
        }, cancel));
        return new Command("baseline", "The period that reports hold their figures against: pin, show, clear.") { pin, show, clear };
    }

    private static void Say(Period period, PeriodFigures figures)
    {
        Console.WriteLine($"baseline: {period}");
        foreach (var of in figures.Populations)
        {
            var whole = figures.Whole(of);
            Console.WriteLine($"  {of.Program} ({of.Origin}): {Words.Count(whole.Units)} units, {Words.Percent(RecoveryRates.WriteOffUnits(whole))} written off");
            foreach (var amounts in whole.Currencies)
            {
                Console.WriteLine($"    {amounts.Currency}: write-off {Words.Percent(RecoveryRates.WriteOffValue(amounts))} of value, recovery rate {Words.Percent(RecoveryRates.Recovery(amounts))}, cost per return {Words.Money(RecoveryRates.CostPerReturn(amounts))}");
            }
        }
    }
}
