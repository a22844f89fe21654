using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Rules.Yaml;

namespace Returns.Domain.Rules;

/// <summary>Reads <c>kind: channels</c>: the resale channels, and what the other dispositions bring and cost.</summary>
internal sealed class ChannelsDocument
{
    public const int MaxChannels = 32;

    private static readonly Disposition[] WithFigures =
        [Disposition.Restock, Disposition.Refurbish, Disposition.Donate, Disposition.Dispose];

    private readonly List<OutletDefinition> _channels = [];
    private readonly Dictionary<Disposition, OutletDefinition> _dispositions = [];

    public static ChannelsDocument Parse(MapReader root)
    {
        var document = new ChannelsDocument();
        foreach (var node in root.List("channels", required: true))
        {
            var label = node.Fields?.Find(f => f.Name == "name").Value?.Scalar ?? "?";
            var map = new MapReader(node, $"channel '{label}'", root.Errors);
            var name = map.RequiredName("name");
            if (document._channels.Exists(c => c.Name == name.Value)) map.Error(name.Line, "is given twice");
            document._channels.Add(OutletDefinition.Parse(map, name.Value, recoveryRequired: true));
        }

        if (document._channels.Count > MaxChannels)
            root.Error(root.Line, $"{document._channels.Count} channels are more than the {MaxChannels} there may be");

        foreach (var entry in root.Entries("dispositions", required: true))
        {
            var map = new MapReader(entry.Value, $"disposition '{entry.Name}'", root.Errors);
            if (WireNames<Disposition>.Parse(map, "disposition", new Located<string>(entry.Name, entry.Line)) is not { } disposition)
                continue;
            if (!WithFigures.Contains(disposition))
            {
                map.Error(entry.Line, "has no figures here; only " +
                    string.Join(", ", WithFigures.Select(WireNames<Disposition>.Of)) + " have");
                continue;
            }

            document._dispositions.Add(disposition, OutletDefinition.Parse(map, entry.Name,
                recoveryRequired: disposition is Disposition.Restock or Disposition.Refurbish));
        }

        root.End();
        return document;
    }

    public bool HasChannel(string name) => _channels.Exists(c => c.Name == name);

    public bool HasFigures(Disposition disposition) => _dispositions.ContainsKey(disposition);

    public ChannelRules Compile(string version, GradingRules grading, RuleErrors errors)
    {
        var channels = new Outlet[_channels.Count];
        for (var i = 0; i < channels.Length; i++)
            channels[i] = _channels[i].Compile(i, $"channel '{_channels[i].Name}'", sells: true, grading, errors);

        var dispositions = new Outlet?[WireNames<Disposition>.Count];
        foreach (var (disposition, definition) in _dispositions)
        {
            dispositions[(int)disposition] = definition.Compile(-1, $"disposition '{definition.Name}'",
                sells: disposition == Disposition.Restock, grading, errors);
        }

        return new ChannelRules(version, channels, dispositions);
    }

    /// <summary>An outlet as written.</summary>
    private sealed record OutletDefinition(string Name, int Line, Located<string> MinGrade, List<Located<string>>? Categories,
        Currency Currency, long Processing, long FreightPerKilogram, int DaysToSell,
        List<(Located<string> Grade, long Amount)> Refurbishment, List<(Located<string> Grade, int BasisPoints)>? Recovery)
    {
        public static OutletDefinition Parse(MapReader map, string name, bool recoveryRequired)
        {
            var minGrade = map.RequiredText("min-grade");
            var categories = map.Has("categories") ? map.Texts("categories", required: true) : null;
            map.Optional("categories");
            var currency = CurrencyOf(map);
            var processing = map.Amount("processing");
            var freight = map.Amount("freight-per-kg");
            var days = (int)(map.OptionalNumber("days-to-sell", 0, 3650, 0)?.Value ?? 0);

            var refurbishment = new List<(Located<string>, long)>();
            foreach (var entry in map.Entries("refurbishment", required: false))
            {
                if (map.Text("refurbishment", entry.Value) is { } text
                    && map.ParseNumber($"refurbishment of '{entry.Name}'", text, 0, 1_000_000, 4) is { } amount)
                    refurbishment.Add((new Located<string>(entry.Name, entry.Line), (long)(amount * FixedAmount.Scale)));
            }

            List<(Located<string>, int)>? recovery = null;
            if (recoveryRequired || map.Has("recovery-percent"))
            {
                recovery = [];
                foreach (var entry in map.Entries("recovery-percent", required: true))
                {
                    if (map.Text("recovery-percent", entry.Value) is { } text)
                    {
                        var percent = map.ParseNumber($"recovery-percent of '{entry.Name}'", text, 0, 100, 2) ?? 0;
                        recovery.Add((new Located<string>(entry.Name, entry.Line), (int)(percent * 100)));
                    }
                }
            }
            else
            {
                map.Optional("recovery-percent");
            }

            map.End();
            return new OutletDefinition(name, map.Line, minGrade, categories, currency, processing, freight, days,
                refurbishment, recovery);
        }

        public Outlet Compile(int index, string owner, bool sells, GradingRules grading, RuleErrors errors)
        {
            var scale = grading.Scale;
            var worst = scale.IndexOf(MinGrade.Value);
            if (worst < 0) Report(MinGrade.Line, GradingDocument.UnknownGrade("min-grade", MinGrade.Value, scale));
            else if (sells && worst == scale.Worst)
                Report(MinGrade.Line, $"min-grade '{MinGrade.Value}' is the unsellable grade");
            worst = Math.Max(worst, 0);

            ulong categories = 0;
            if (Categories is null) categories = ulong.MaxValue;
            foreach (var category in Categories ?? [])
            {
                if (grading.Find(System.Text.Encoding.UTF8.GetBytes(category.Value)) is { } checklist)
                    categories |= 1UL << checklist.Index;
                else Report(category.Line, $"category '{category.Value}' has no checklist in the grading rules");
            }

            var refurbishment = new long[scale.Count];
            foreach (var (grade, amount) in Refurbishment)
            {
                if (Place(grade, "refurbishment") is { } at) refurbishment[at] = amount;
            }

            var recovery = new int[scale.Count];
            if (Recovery is not null)
            {
                var given = new bool[scale.Count];
                foreach (var (grade, basisPoints) in Recovery)
                {
                    if (Place(grade, "recovery-percent") is not { } at) continue;
                    recovery[at] = basisPoints;
                    given[at] = true;
                }

                for (var grade = 0; grade <= worst; grade++)
                    if (!given[grade]) Report(Line, $"recovery-percent of grade '{scale[grade]}' is missing");
            }

            var takes = Categories is null ? "every category" : string.Join(", ", Categories.Select(c => c.Value));
            return new Outlet(index, Name, worst, categories, Currency, Processing, refurbishment, FreightPerKilogram,
                DaysToSell, recovery, new OutletTexts(
                    Grade: $"{owner}: takes grade {scale[worst]} or better",
                    Category: $"{owner}: takes only {takes}",
                    Currency: $"{owner}: trades in {Currency}",
                    Capacity: $"{owner}: has no room"));

            void Report(int line, string message) => errors.Add(line, $"{owner}: {message}");

            int? Place(Located<string> grade, string what)
            {
                var at = scale.IndexOf(grade.Value);
                if (at < 0) Report(grade.Line, GradingDocument.UnknownGrade(what, grade.Value, scale));
                else if (at > worst) Report(grade.Line, $"{what} of '{grade.Value}', but min-grade is '{MinGrade.Value}'");
                else return at;
                return null;
            }
        }
    }

    public static Currency CurrencyOf(MapReader map)
    {
        var text = map.RequiredText("currency");
        if (text.Value.Length == 0) return Currency.None;
        if (!Currency.TryParse(System.Text.Encoding.UTF8.GetBytes(text.Value), out var currency))
            map.Error(text.Line, $"currency '{text.Value}' must be an ISO 4217 code such as GBP");
        return currency;
    }
}
