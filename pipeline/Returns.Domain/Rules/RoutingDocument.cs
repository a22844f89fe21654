using Returns.Contracts;
using Returns.Domain.Channels;
using Returns.Domain.Grading;
using Returns.Domain.Routing;
using Returns.Domain.Rules.Yaml;

namespace Returns.Domain.Rules;

/// <summary>Reads <c>kind: routing</c>: hard blocks, the routing table, and each category's loss by dwell.</summary>
internal sealed class RoutingDocument
{
    public const int MaxOptions = 16;
    public const int MaxRows = 1000;

    private const string ResellPrefix = "resell:";

    private readonly List<(Located<string> Name, int LossPerDay, int Weight)> _categories = [];
    private readonly HardBlockRule?[] _blocks = new HardBlockRule?[WireNames<HardBlock>.Count];
    private readonly List<RowDefinition> _rows = [];
    private int _line;

    public static RoutingDocument Parse(MapReader root)
    {
        var document = new RoutingDocument { _line = root.Line };
        foreach (var entry in root.Entries("categories", required: true))
        {
            var map = new MapReader(entry.Value, $"category '{entry.Name}'", root.Errors);
            map.Required("dwell-loss-percent-per-day");
            var loss = map.BasisPoints("dwell-loss-percent-per-day") ?? 0;
            var weight = (int)map.RequiredNumber("assumed-weight-grams", 1, Freight.MaxGrams, 0).Value;
            map.End();
            document._categories.Add((new Located<string>(entry.Name, entry.Line), loss, weight));
        }

        var blocks = root.Entries("hard-blocks", required: true);
        foreach (var entry in blocks)
        {
            var map = new MapReader(entry.Value, $"hard block '{entry.Name}'", root.Errors);
            if (WireNames<HardBlock>.Parse(map, "hard block", new Located<string>(entry.Name, entry.Line)) is { } block)
                document._blocks[(int)block] = ParseBlock(map, block);
        }

        foreach (var block in Enum.GetValues<HardBlock>())
        {
            if (blocks.Count > 0 && document._blocks[(int)block] is null)
                root.Error(blocks[0].Line, $"hard block '{WireNames<HardBlock>.Of(block)}' is missing");
        }

        foreach (var node in root.List("table", required: true))
        {
            var row = RowDefinition.Parse(node, root.Errors);
            if (document._rows.Exists(r => r.Name == row.Name)) root.Error(node.Line, $"row '{row.Name}' is given twice");
            document._rows.Add(row);
            if (document._rows.Count <= MaxRows) continue;
            root.Error(node.Line, $"the table has more than the {MaxRows} rows there may be");
            break;
        }

        root.End();
        return document;
    }

    private static HardBlockRule ParseBlock(MapReader map, HardBlock block)
    {
        var forbids = new DispositionSet();
        foreach (var text in map.Texts("forbids", required: true))
        {
            if (WireNames<Disposition>.Parse(map, "disposition", text) is not { } disposition) continue;
            if (disposition is Disposition.Quarantine or Disposition.ManualReview)
                map.Error(text.Line, $"'{text.Value}' is interim and cannot be forbidden");
            forbids = forbids.With(disposition);
        }

        var force = ParseWays(map, "force", forbids);
        var fallback = ParseWays(map, "fallback", forbids);
        var beforeGrading = map.Flag("before-grading");
        map.End();
        if (map.Has("force") == map.Has("fallback"))
            map.Error(map.Line, "needs either 'force' or 'fallback': where blocked units go");
        if (beforeGrading && !map.Has("force")) map.Error(map.Line, "'before-grading' needs 'force'");
        if (beforeGrading && block is HardBlock.Hygiene or HardBlock.DataNotWiped)
            map.Error(map.Line, "cannot decide before grading: it holds until findings lift it");
        return new HardBlockRule(block, forbids, force, fallback, beforeGrading);
    }

    private static Disposition[] ParseWays(MapReader map, string field, DispositionSet forbids)
    {
        var ways = new List<Disposition>();
        foreach (var text in map.Has(field) ? map.Texts(field, required: true) : [])
        {
            if (WireNames<Disposition>.Parse(map, "disposition", text) is not { } disposition) continue;
            if (disposition == Disposition.Resell) map.Error(text.Line, $"'{field}' cannot resell: it names no channel");
            else if (forbids.Contains(disposition)) map.Error(text.Line, $"'{text.Value}' is both forbidden and in '{field}'");
            ways.Add(disposition);
        }

        map.Optional(field);
        return [.. ways];
    }

    public RoutingRules Compile(string version, GradingRules grading, ChannelsDocument channelsDocument,
        ChannelRules channels, RuleErrors errors)
    {
        var categories = grading.Checklists.Length;
        var lossPerDay = new int[categories];
        var weights = new int[categories];
        foreach (var (name, loss, weight) in _categories)
        {
            if (grading.Find(System.Text.Encoding.UTF8.GetBytes(name.Value)) is not { } checklist)
            {
                errors.Add(name.Line, $"category '{name.Value}' has no checklist in the grading rules");
                continue;
            }

            lossPerDay[checklist.Index] = loss;
            weights[checklist.Index] = weight;
        }

        foreach (var checklist in grading.Checklists)
        {
            if (weights[checklist.Index] == 0)
                errors.Add(_line, $"category '{checklist.Category}' of the grading rules is missing under categories");
        }

        var grades = grading.Scale.Count;
        var reasons = WireNames<ReturnReason>.Count;
        var lookup = new short[categories * grades * reasons];
        Array.Fill(lookup, (short)-1);
        var rows = new RoutingRow[_rows.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = _rows[i].Compile(grading, channelsDocument, channels, errors, out var cells);
            var reached = cells.Count == 0;
            foreach (var cell in cells)
            {
                if (lookup[cell] >= 0) continue;
                lookup[cell] = (short)i;
                reached = true;
            }

            if (!reached)
                errors.Add(_rows[i].Line, $"row '{_rows[i].Name}': never applies; the rows above it take all it matches");
        }

        return new RoutingRules(version, [.. _blocks.Select(b => b!)], rows, lookup, grades, reasons, lossPerDay, weights);
    }

    /// <summary>A row as written; an absent condition matches everything.</summary>
    private sealed record RowDefinition(string Name, int Line, List<Located<string>>? Categories, List<Located<string>>? Grades,
        List<ReturnReason>? Reasons, RoutingPolicy Policy, List<(Located<string> Text, Disposition Disposition, string? Channel)> To)
    {
        public static RowDefinition Parse(YamlNode node, RuleErrors errors)
        {
            var label = node.Fields?.Find(f => f.Name == "name").Value?.Scalar ?? "?";
            var map = new MapReader(node, $"row '{label}'", errors);
            var name = map.RequiredText("name");
            var categories = map.Has("categories") ? map.Texts("categories", required: true) : null;
            map.Optional("categories");
            var grades = map.Has("grades") ? map.Texts("grades", required: true) : null;
            map.Optional("grades");
            List<ReturnReason>? reasons = null;
            if (map.Has("reasons"))
            {
                reasons = [];
                foreach (var text in map.Texts("reasons", required: true))
                    if (WireNames<ReturnReason>.Parse(map, "reason", text) is { } reason) reasons.Add(reason);
            }

            map.Optional("reasons");
            var policy = ParsePolicy(map);
            var to = new List<(Located<string>, Disposition, string?)>();
            foreach (var text in map.Texts("to", required: true))
            {
                if (text.Value.StartsWith(ResellPrefix, StringComparison.Ordinal))
                {
                    to.Add((text, Disposition.Resell, text.Value[ResellPrefix.Length..]));
                    continue;
                }

                if (WireNames<Disposition>.Parse(map, "disposition", text) is not { } disposition) continue;
                if (disposition == Disposition.Resell)
                    map.Error(text.Line, $"'resell' needs a channel: {ResellPrefix}CHANNEL");
                else if (policy == RoutingPolicy.Value && disposition is Disposition.Quarantine or Disposition.ManualReview)
                    map.Error(text.Line, $"'{text.Value}' has no value to choose by; use policy: priority");
                to.Add((text, disposition, null));
            }

            if (to.Count > MaxOptions) map.Error(map.Line, $"'to' lists {to.Count} ways; at most {MaxOptions} are allowed");
            map.End();
            return new RowDefinition(name.Value, map.Line, categories, grades, reasons, policy, to);
        }

        private static RoutingPolicy ParsePolicy(MapReader map)
        {
            var text = map.RequiredText("policy");
            if (text.Value == "value") return RoutingPolicy.Value;
            if (text.Value is not ("priority" or ""))
                map.Error(text.Line, $"policy '{text.Value}' is not known; known are priority, value");
            return RoutingPolicy.Priority;
        }

        public RoutingRow Compile(GradingRules grading, ChannelsDocument document, ChannelRules channels, RuleErrors errors,
            out List<int> cells)
        {
            var options = new List<RoutingOption>();
            foreach (var (text, disposition, channel) in To)
            {
                if (channel is not null && !document.HasChannel(channel))
                    Report(text.Line, $"channel '{channel}' is not in the channels rules");
                else if (channel is not null)
                    options.Add(new RoutingOption(disposition, channels.Find(System.Text.Encoding.UTF8.GetBytes(channel))));
                else if (disposition is not (Disposition.ReturnToVendor or Disposition.Quarantine or Disposition.ManualReview)
                    && !document.HasFigures(disposition))
                    Report(text.Line, $"'{text.Value}' has no figures under dispositions in the channels rules");
                else options.Add(new RoutingOption(disposition, channels.Of(disposition)));
            }

            var categoryIndexes = new List<int>();
            if (Categories is null) categoryIndexes.AddRange(Enumerable.Range(0, grading.Checklists.Length));
            foreach (var category in Categories ?? [])
            {
                if (grading.Find(System.Text.Encoding.UTF8.GetBytes(category.Value)) is { } checklist)
                    categoryIndexes.Add(checklist.Index);
                else Report(category.Line, $"category '{category.Value}' has no checklist in the grading rules");
            }

            var gradeIndexes = new List<int>();
            if (Grades is null) gradeIndexes.AddRange(Enumerable.Range(0, grading.Scale.Count));
            foreach (var grade in Grades ?? [])
            {
                var index = grading.Scale.IndexOf(grade.Value);
                if (index < 0) Report(grade.Line, GradingDocument.UnknownGrade("grade", grade.Value, grading.Scale));
                else gradeIndexes.Add(index);
            }

            var reasons = WireNames<ReturnReason>.Count;
            cells = [];
            foreach (var category in categoryIndexes)
                foreach (var grade in gradeIndexes)
                    foreach (var reason in Reasons ?? [.. Enum.GetValues<ReturnReason>()])
                        cells.Add((category * grading.Scale.Count + grade) * reasons + (int)reason);
            return new RoutingRow(Name, Policy, [.. options]);

            void Report(int line, string message) => errors.Add(line, $"row '{Name}': {message}");
        }
    }
}
