using System.Globalization;
using System.Text;
using Returns.Contracts;
using Returns.Domain.Grading;
using Returns.Domain.Rules;

namespace Returns.Domain.Tests.Models;

/// <summary>What one outcome of a criterion does; a cap of 0 is none.</summary>
internal sealed record OutcomeModel(int Cap, int Minus, string? Signal);

/// <summary>A criterion; bands begin at <paramref name="From"/>, which other kinds leave empty.</summary>
internal sealed record CriterionModel(string Name, CriterionKind Kind, string Mandatory, decimal Minimum, decimal Maximum,
    decimal[] From, OutcomeModel[] Outcomes);

internal sealed record CategoryModel(string Name, CriterionModel[] Criteria, int[] Points, double MinConfidence,
    int ImageDisagreeAt, int QualityDisagreeAt, decimal LossPercentPerDay, int AssumedWeight);

internal sealed record OutletModel(string Name, int MinGrade, string[]? Categories, string Currency, decimal Processing,
    decimal[] Refurbishment, decimal Freight, int DaysToSell, decimal[] RecoveryPercent);

internal sealed record VendorModel(string Name, string ReturnToVendor, ReturnReason[]? Reasons, int[]? Grades,
    int? WindowDays, bool AuthorizationNeeded, string Currency, decimal CreditPercent, decimal Handling, decimal Freight);

internal sealed record BlockModel(HardBlock Block, Disposition[] Forbids, Disposition[] Force, Disposition[] Fallback,
    bool BeforeGrading);

internal sealed record WayModel(Disposition Disposition, string? Channel);

internal sealed record RowModel(string Name, string[]? Categories, int[]? Grades, ReturnReason[]? Reasons, bool ByValue,
    WayModel[] To);

/// <summary>
/// A rule set as plain data: written as YAML for the code under test, and read as it is by the oracles, which share no code
/// with it.
/// </summary>
internal sealed record RuleModel(string[] Scale, CategoryModel[] Categories, BlockModel[] Blocks, RowModel[] Rows,
    OutletModel[] Channels, Dictionary<Disposition, OutletModel> Dispositions, VendorModel[] Vendors)
{
    public CategoryModel? Category(string name) => Array.Find(Categories, c => c.Name == name);

    public BlockModel Block(HardBlock block) => Blocks.Single(b => b.Block == block);

    public VendorModel Vendor(string name) => Vendors.FirstOrDefault(v => v.Name == name && name != "*") ?? Vendors.Single(v => v.Name == "*");

    public ProgramRules Compile()
    {
        var files = new (string Name, string Text)[]
            { ("grading", GradingYaml()), ("routing", RoutingYaml()), ("channels", ChannelsYaml()), ("agreements", AgreementsYaml()) };
        var good = RuleFile.TryCompile(
            files.Select(f => new RuleFile(f.Name + ".yaml", Encoding.UTF8.GetBytes($"kind: {f.Name}\nprogram: '*'\nversion: '1'\n{f.Text}"))),
            out _, out var book, out var errors);
        Assert.True(good, string.Join('\n', errors));
        return book.Find("any"u8)!;
    }

    public static string Wire(Enum value) =>
        string.Concat(value.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : $"{c}"));

    private string GradingYaml()
    {
        var yaml = new StringBuilder().Append(Invariant($"scale: {List(Scale)}\ncategories:\n"));
        foreach (var category in Categories)
        {
            yaml.Append(Invariant($"  {category.Name}:\n    deadline-hours: 24\n"))
                .Append(Invariant($"    image: {{min-confidence: {category.MinConfidence}, disagree-at: {category.ImageDisagreeAt}}}\n"))
                .Append(Invariant($"    quality-disagree-at: {category.QualityDisagreeAt}\n    points: {{"))
                .AppendJoin(", ", category.Points.Select((p, i) => Invariant($"{Scale[i]}: {p}"))).Append("}\n    criteria:\n");
            foreach (var criterion in category.Criteria) Append(yaml, criterion);
        }

        return yaml.ToString();
    }

    private void Append(StringBuilder yaml, CriterionModel criterion)
    {
        var kind = criterion.Kind switch { CriterionKind.YesNo => "yes-no", CriterionKind.Ordinal => "ordinal", _ => "number" };
        yaml.Append(Invariant($"      - name: {criterion.Name}\n        question: What about it?\n        kind: {kind}\n"))
            .Append(Invariant($"        mandatory: {criterion.Mandatory}\n"));
        switch (criterion.Kind)
        {
            case CriterionKind.YesNo:
                yaml.Append(Invariant($"        'no': {Outcome(null, criterion.Outcomes[0])}\n        'yes': {Outcome(null, criterion.Outcomes[1])}\n"));
                return;
            case CriterionKind.Number:
                yaml.Append(Invariant($"        unit: things\n        minimum: {criterion.Minimum}\n        maximum: {criterion.Maximum}\n"));
                break;
        }

        yaml.Append(criterion.Kind == CriterionKind.Number ? "        bands:\n" : "        levels:\n");
        for (var i = 0; i < criterion.Outcomes.Length; i++)
        {
            var head = criterion.Kind == CriterionKind.Number ? Invariant($"from: {criterion.From[i]}") : Invariant($"name: level {i}");
            yaml.Append(Invariant($"          - {Outcome(head, criterion.Outcomes[i])}\n"));
        }
    }

    private string Outcome(string? head, OutcomeModel outcome)
    {
        var parts = new List<string>();
        if (head is not null) parts.Add(head);
        if (outcome.Cap > 0) parts.Add($"cap: {Scale[outcome.Cap]}");
        if (outcome.Minus > 0) parts.Add(Invariant($"minus: {outcome.Minus}"));
        if (outcome.Signal is not null) parts.Add($"signal: {outcome.Signal}");
        return "{" + string.Join(", ", parts) + "}";
    }

    private string RoutingYaml()
    {
        var yaml = new StringBuilder("categories:\n");
        foreach (var category in Categories)
            yaml.Append(Invariant($"  {category.Name}: {{dwell-loss-percent-per-day: {category.LossPercentPerDay}, assumed-weight-grams: {category.AssumedWeight}}}\n"));
        yaml.Append("hard-blocks:\n");
        foreach (var block in Blocks)
        {
            yaml.Append($"  {Wire(block.Block)}:\n    forbids: {List(block.Forbids)}\n")
                .Append(block.Force.Length > 0 ? $"    force: {List(block.Force)}\n" : $"    fallback: {List(block.Fallback)}\n");
            if (block.BeforeGrading) yaml.Append("    before-grading: true\n");
        }

        yaml.Append("table:\n");
        foreach (var row in Rows)
        {
            yaml.Append($"  - name: {row.Name}\n    policy: {(row.ByValue ? "value" : "priority")}\n");
            if (row.Categories is not null) yaml.Append($"    categories: {List(row.Categories)}\n");
            if (row.Grades is not null) yaml.Append($"    grades: {List(row.Grades.Select(g => Scale[g]))}\n");
            if (row.Reasons is not null) yaml.Append($"    reasons: {List(row.Reasons)}\n");
            yaml.Append($"    to: {List(row.To.Select(w => w.Channel is null ? Wire(w.Disposition) : $"'resell:{w.Channel}'"))}\n");
        }

        return yaml.ToString();
    }

    private string ChannelsYaml()
    {
        var yaml = new StringBuilder("channels:\n");
        foreach (var channel in Channels) Append(yaml, "  - name: " + channel.Name + "\n", channel);
        yaml.Append("dispositions:\n");
        foreach (var (disposition, outlet) in Dispositions) Append(yaml, $"  {Wire(disposition)}:\n", outlet);
        return yaml.ToString();
    }

    private void Append(StringBuilder yaml, string head, OutletModel outlet)
    {
        string PerGrade(decimal[] values) =>
            "{" + string.Join(", ", values.Take(outlet.MinGrade + 1).Select((v, i) => Invariant($"{Scale[i]}: {v}"))) + "}";
        yaml.Append(head).Append($"    min-grade: {Scale[outlet.MinGrade]}\n    currency: {outlet.Currency}\n")
            .Append(Invariant($"    processing: {outlet.Processing}\n    freight-per-kg: {outlet.Freight}\n    days-to-sell: {outlet.DaysToSell}\n"))
            .Append($"    recovery-percent: {PerGrade(outlet.RecoveryPercent)}\n    refurbishment: {PerGrade(outlet.Refurbishment)}\n");
        if (outlet.Categories is not null) yaml.Append($"    categories: {List(outlet.Categories)}\n");
    }

    private string AgreementsYaml()
    {
        var yaml = new StringBuilder("vendors:\n");
        foreach (var vendor in Vendors)
        {
            yaml.Append($"  - name: '{vendor.Name}'\n    return-to-vendor: {vendor.ReturnToVendor}\n");
            if (vendor.ReturnToVendor == "prohibited") continue;
            if (vendor.Reasons is not null) yaml.Append($"    reasons: {List(vendor.Reasons)}\n");
            if (vendor.Grades is not null) yaml.Append($"    grades: {List(vendor.Grades.Select(g => Scale[g]))}\n");
            if (vendor.WindowDays is { } days) yaml.Append(Invariant($"    window-days: {days}\n"));
            if (vendor.AuthorizationNeeded) yaml.Append("    authorization-needed: true\n");
            yaml.Append(Invariant($"    currency: {vendor.Currency}\n    credit-percent: {vendor.CreditPercent}\n"))
                .Append(Invariant($"    handling: {vendor.Handling}\n    freight-per-kg: {vendor.Freight}\n"));
        }

        return yaml.ToString();
    }

    private static string List(IEnumerable<string> names) => $"[{string.Join(", ", names)}]";

    private static string List<T>(IEnumerable<T> values) where T : struct, Enum => List(values.Select(v => Wire(v)));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
