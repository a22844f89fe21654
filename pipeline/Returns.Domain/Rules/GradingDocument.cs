using System.Globalization;
using Returns.Domain.Grading;
using Returns.Domain.Rules.Yaml;

namespace Returns.Domain.Rules;

/// <summary>Reads <c>kind: grading</c>. It refers to no other document, so it is compiled as it is read.</summary>
internal static class GradingDocument
{
    public const int MaxCategories = 64;

    /// <summary>The rules; meaningful only where no error was added.</summary>
    public static GradingRules? Parse(MapReader root, string version)
    {
        var scale = ParseScale(root);
        var categories = root.Entries("categories", required: true);
        root.End();
        if (scale is null) return null;
        if (categories.Count > MaxCategories)
            root.Error(root.Line, $"{categories.Count} categories are more than the {MaxCategories} there may be");

        var checklists = new List<Checklist>();
        foreach (var category in categories)
        {
            var map = new MapReader(category.Value, $"category '{category.Name}'", root.Errors);
            map.CheckName("name", new Located<string>(category.Name, category.Line));
            checklists.Add(ParseChecklist(map, category.Name, checklists.Count, scale));
        }

        return new GradingRules(version, scale, [.. checklists]);
    }

    private static GradeScale? ParseScale(MapReader root)
    {
        var names = root.Texts("scale", required: true);
        foreach (var name in names)
        {
            if (!GradeCode.TryParse(System.Text.Encoding.UTF8.GetBytes(name.Value), out _))
                root.Error(name.Line, $"grade '{name.Value}' must be one to four letters or digits");
        }

        if (names.Count is 1 or > GradeScale.MaxGrades)
        {
            root.Error(names[0].Line,
                $"the scale has {names.Count} grades; it must have from 2 to {GradeScale.MaxGrades}, best first");
        }

        return root.Errors.Count > 0 ? null : new GradeScale([.. names.Select(n => n.Value)]);
    }

    private static Checklist ParseChecklist(MapReader map, string category, int index, GradeScale scale)
    {
        var deadline = map.RequiredNumber("deadline-hours", 1, 8760, 0).Value;
        var apart = scale.Count - 1;
        var qualityDisagreeAt = (int)map.RequiredNumber("quality-disagree-at", 1, apart, 0).Value;

        var minConfidence = 0m;
        var imageDisagreeAt = scale.Count;
        if (map.Optional("image") is { } imageNode)
        {
            var image = new MapReader(imageNode, $"image of '{category}'", map.Errors);
            minConfidence = image.RequiredNumber("min-confidence", 0, 1, 4).Value;
            imageDisagreeAt = (int)image.RequiredNumber("disagree-at", 1, apart, 0).Value;
            image.End();
        }

        var thresholds = ParsePoints(map, scale);
        var criteria = new List<Criterion>();
        foreach (var node in map.List("criteria", required: true))
        {
            if (ParseCriterion(node, category, scale, map.Errors) is not { } criterion) continue;
            if (criteria.Find(c => c.Key == criterion.Key) is { } same)
            {
                map.Error(node.Line, same.Name == criterion.Name
                    ? $"criterion '{criterion.Name}' is given twice"
                    : $"criteria '{same.Name}' and '{criterion.Name}' share a key; rename one of them");
            }

            criteria.Add(criterion);
        }

        map.End();
        if (criteria.Count > Checklist.MaxCriteria)
        {
            map.Error(map.Line,
                $"{criteria.Count} criteria are more than the {Checklist.MaxCriteria} a checklist may have");
            criteria.RemoveRange(Checklist.MaxCriteria, criteria.Count - Checklist.MaxCriteria);
        }

        if (criteria.Count > 0 && criteria.TrueForAll(c => c.Mandatory != Mandatory.Always))
            map.Error(map.Line, "at least one criterion must be mandatory, or a unit is graded before anyone looked at it");

        return new Checklist(index, category, scale, [.. criteria], thresholds, (double)minConfidence, imageDisagreeAt,
            qualityDisagreeAt, (long)deadline * 3_600_000);
    }

    private static int[] ParsePoints(MapReader map, GradeScale scale)
    {
        var thresholds = new int[scale.Worst];
        Array.Fill(thresholds, -1);
        var entries = map.Entries("points", required: true);
        foreach (var entry in entries)
        {
            var grade = scale.IndexOf(entry.Name);
            if (grade < 0) map.Error(entry.Line, UnknownGrade("points", entry.Name, scale));
            else if (grade == scale.Worst)
                map.Error(entry.Line, $"points: '{entry.Name}' is the last grade and needs no points");
            else if (map.Text("points", entry.Value) is { } text
                && map.ParseNumber($"points for '{entry.Name}'", text, 0, 100, 0) is { } points)
                thresholds[grade] = (int)points;
            else
                thresholds[grade] = 0;
        }

        for (var grade = 0; entries.Count > 0 && grade < thresholds.Length; grade++)
        {
            if (thresholds[grade] < 0)
                map.Error(entries[0].Line, $"points: grade '{scale[grade]}' is missing");
            else if (grade > 0 && thresholds[grade - 1] >= 0 && thresholds[grade] >= thresholds[grade - 1])
            {
                map.Error(entries.Find(e => e.Name == scale[grade].ToString()).Line,
                    $"points: {thresholds[grade]} for '{scale[grade]}' must be below {thresholds[grade - 1]} for '{scale[grade - 1]}'");
            }
        }

        return thresholds;
    }

    public static string UnknownGrade(string what, string name, GradeScale scale) =>
        $"{what} '{name}' is not a grade of the scale {scale}";

    private static Criterion? ParseCriterion(YamlNode node, string category, GradeScale scale, RuleErrors errors)
    {
        var label = node.Fields?.Find(f => f.Name == "name").Value?.Scalar ?? "?";
        var map = new MapReader(node, $"criterion '{label}' of '{category}'", errors);
        var name = map.RequiredName("name");
        var question = map.RequiredText("question").Value;
        var kind = map.RequiredText("kind");
        var mandatory = ParseMandatory(map);

        Criterion? criterion = null;
        switch (kind.Value)
        {
            case "yes-no":
                criterion = ParseYesNo(map, name.Value, question, mandatory, scale);
                break;
            case "ordinal":
                criterion = ParseOrdinal(map, name.Value, question, mandatory, scale);
                break;
            case "number":
                criterion = ParseNumber(map, name.Value, question, mandatory, scale);
                break;
            case "":
                return null;
            default:
                map.Error(kind.Line, $"kind '{kind.Value}' is not known; known are yes-no, ordinal, number");
                return null;
        }

        map.End();
        return criterion;
    }

    private static Mandatory ParseMandatory(MapReader map)
    {
        if (map.OptionalText("mandatory") is not { } text) return Mandatory.Never;
        switch (text.Value)
        {
            case "true": return Mandatory.Always;
            case "false": return Mandatory.Never;
            case "data-bearing": return Mandatory.DataBearing;
            case "hygiene": return Mandatory.Hygiene;
            default:
                map.Error(text.Line, $"mandatory '{text.Value}' is not known; known are true, false, data-bearing, hygiene");
                return Mandatory.Never;
        }
    }

    private static Criterion ParseYesNo(MapReader map, string name, string question, Mandatory mandatory, GradeScale scale)
    {
        var outcomes = new CriterionOutcome[2];
        var no = map.Optional("no");
        var yes = map.Optional("yes");
        if (no is null && yes is null) map.Error(map.Line, "'yes' or 'no' must say what the answer does to the grade");
        if (no is not null) outcomes[0] = ParseOutcome(Part(map, no, "no"), scale);
        if (yes is not null) outcomes[1] = ParseOutcome(Part(map, yes, "yes"), scale);
        return new Criterion(name, question, CriterionKind.YesNo, mandatory, 0, 1, [], [], outcomes);
    }

    private static Criterion ParseOrdinal(MapReader map, string name, string question, Mandatory mandatory, GradeScale scale)
    {
        var levels = new List<string>();
        var outcomes = new List<CriterionOutcome>();
        foreach (var node in map.List("levels", required: true))
        {
            var level = Part(map, node, $"level {levels.Count}");
            var text = level.RequiredText("name");
            if (levels.Contains(text.Value)) level.Error(text.Line, $"'{text.Value}' is given twice");
            levels.Add(text.Value);
            outcomes.Add(ParseOutcome(level, scale));
        }

        if (levels.Count == 1) map.Error(map.Line, "an ordinal needs at least two levels");
        return new Criterion(name, question, CriterionKind.Ordinal, mandatory, 0, Math.Max(0, levels.Count - 1), levels, [],
            [.. outcomes]);
    }

    private static Criterion ParseNumber(MapReader map, string name, string question, Mandatory mandatory, GradeScale scale)
    {
        const decimal Limit = 1_000_000_000;
        map.RequiredText("unit");
        var minimum = map.RequiredNumber("minimum", -Limit, Limit, 6);
        var maximum = map.RequiredNumber("maximum", -Limit, Limit, 6);
        if (map.Has("minimum") && map.Has("maximum") && maximum.Value < minimum.Value)
        {
            map.Error(maximum.Line, string.Create(CultureInfo.InvariantCulture,
                $"maximum {maximum.Value} is below minimum {minimum.Value}"));
        }

        var from = new List<double>();
        var outcomes = new List<CriterionOutcome>();
        var previous = minimum.Value;
        foreach (var node in map.List("bands", required: true))
        {
            var band = Part(map, node, $"band {from.Count + 1}");
            var start = band.RequiredNumber("from", -Limit, Limit, 6);
            if (from.Count == 0 && start.Value != minimum.Value)
            {
                band.Error(start.Line, string.Create(CultureInfo.InvariantCulture,
                    $"from {start.Value} must be the minimum, {minimum.Value}"));
            }
            else if (from.Count > 0 && start.Value <= previous)
            {
                band.Error(start.Line, string.Create(CultureInfo.InvariantCulture,
                    $"from {start.Value} must be above {previous}, where the band before begins"));
            }
            else if (start.Value > maximum.Value && maximum.Value >= minimum.Value)
            {
                band.Error(start.Line, string.Create(CultureInfo.InvariantCulture,
                    $"from {start.Value} is above the maximum {maximum.Value}"));
            }

            previous = start.Value;
            from.Add((double)start.Value);
            outcomes.Add(ParseOutcome(band, scale));
        }

        return new Criterion(name, question, CriterionKind.Number, mandatory, (double)minimum.Value, (double)maximum.Value,
            [], [.. from], [.. outcomes]);
    }

    private static MapReader Part(MapReader owner, YamlNode node, string part) =>
        new(node, $"{owner.Owner}: {part}", owner.Errors);

    private static CriterionOutcome ParseOutcome(MapReader map, GradeScale scale)
    {
        var cap = 0;
        if (map.OptionalText("cap") is { } capText)
        {
            cap = scale.IndexOf(capText.Value);
            if (cap < 0) map.Error(capText.Line, UnknownGrade("cap", capText.Value, scale));
            else if (cap == 0) map.Error(capText.Line, $"cap '{capText.Value}' is the best grade and limits nothing");
        }

        var minus = map.OptionalNumber("minus", 1, 100, 0)?.Value ?? 0;
        var signal = FindingSignals.None;
        if (map.OptionalText("signal") is { } text)
        {
            switch (text.Value)
            {
                case "counterfeit": signal = FindingSignals.Counterfeit; break;
                case "opened": signal = FindingSignals.Opened; break;
                case "sealed": signal = FindingSignals.Sealed; break;
                case "wiped": signal = FindingSignals.Wiped; break;
                case "hazardous": signal = FindingSignals.Hazardous; break;
                default:
                    map.Error(text.Line,
                        $"signal '{text.Value}' is not known; known are counterfeit, opened, sealed, wiped, hazardous");
                    break;
            }
        }

        map.End();
        return new CriterionOutcome((byte)Math.Max(0, cap), (byte)minus, signal);
    }
}
