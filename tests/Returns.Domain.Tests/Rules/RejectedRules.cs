using Returns.Domain.Rules;

namespace Returns.Domain.Tests.Rules;

/// <summary>What is wrong with a rule is said with its file and line, the thing, the value, and what would be right.</summary>
public sealed class RejectedRules
{
    [Theory]
    // Any document
    [InlineData("grading.yaml", "kind: grading", "kind: gradin", "rules/grading.yaml:2: kind 'gradin' is not a kind of rules; these are grading, routing, channels, agreements, categories")]
    [InlineData("grading.yaml", "kind: grading", "kind: unknown", "rules/grading.yaml:2: kind 'unknown' is not a kind of rules; these are grading, routing, channels, agreements, categories")]
    [InlineData("grading.yaml", "program: '*'", "program: 'a|b'", "rules/grading.yaml:3: grading: program 'a|b' must be at most 64 characters without spaces and '|'")]
    [InlineData("grading.yaml", "version: '2026.11.1'", "version: ''", "rules/grading.yaml:4: grading: version must not be empty")]
    [InlineData("grading.yaml", "version: '2026.11.1'", "version: [1]", "rules/grading.yaml:4: grading: version must be a single value, not a list")]
    [InlineData("grading.yaml", "version: '2026.11.1'", "version: 1\nversion: 2", "rules/grading.yaml:5: 'version' is given twice; first on line 4")]
    [InlineData("grading.yaml", "scale:", "scales:", "rules/grading.yaml:7: grading: unknown field 'scales'; known are kind, program, version, scale, categories")]
    // Grading
    [InlineData("grading.yaml", "scale: [A, B, C, D, X]", "scale: [A]", "rules/grading.yaml:7: grading: the scale has 1 grades; it must have from 2 to 16, best first")]
    [InlineData("grading.yaml", "scale: [A, B, C, D, X]", "scale: [A, A, C, D, X]", "rules/grading.yaml:7: grading: scale lists 'A' twice")]
    [InlineData("grading.yaml", "scale: [A, B, C, D, X]", "scale: [A, B, C, D, Excellent]", "rules/grading.yaml:7: grading: grade 'Excellent' must be one to four letters or digits")]
    [InlineData("grading.yaml", "  electronics:", "  Electronics!:", "rules/grading.yaml:11: category 'Electronics!': name 'Electronics!' must be lower-case letters, digits and hyphens, at most 64")]
    [InlineData("grading.yaml", "deadline-hours: 72", "deadline-hours: 0", "rules/grading.yaml:12: category 'electronics': deadline-hours 0 must be from 1 to 8760")]
    [InlineData("grading.yaml", "deadline-hours: 72", "deadline-hours: soon", "rules/grading.yaml:12: category 'electronics': deadline-hours 'soon' must be a number")]
    [InlineData("grading.yaml", "min-confidence: 0.70", "min-confidence: 70", "rules/grading.yaml:13: image of 'electronics': min-confidence 70 must be from 0 to 1")]
    [InlineData("grading.yaml", "A: 92, B: 75", "A: 75, B: 75", "rules/grading.yaml:15: category 'electronics': points: 75 for 'B' must be below 75 for 'A'")]
    [InlineData("grading.yaml", "A: 92, B: 75,", "A: 92,", "rules/grading.yaml:15: category 'electronics': points: grade 'B' is missing")]
    [InlineData("grading.yaml", "D: 20}", "D: 20, X: 1}", "rules/grading.yaml:15: category 'electronics': points: 'X' is the last grade and needs no points")]
    [InlineData("grading.yaml", "'no': {cap: D}", "'no': {cap: E}", "rules/grading.yaml:21: criterion 'powers-on' of 'electronics': no: cap 'E' is not a grade of the scale A, B, C, D, X")]
    [InlineData("grading.yaml", "'no': {cap: D}", "'no': {cap: A}", "rules/grading.yaml:21: criterion 'powers-on' of 'electronics': no: cap 'A' is the best grade and limits nothing")]
    [InlineData("grading.yaml", "'no': {cap: D}", "'no': {minus: 101}", "rules/grading.yaml:21: criterion 'powers-on' of 'electronics': no: minus 101 must be from 1 to 100")]
    [InlineData("grading.yaml", "'no': {cap: D}", "'no': {signal: stolen}", "rules/grading.yaml:21: criterion 'powers-on' of 'electronics': no: signal 'stolen' is not known; known are counterfeit, opened, sealed, wiped, hazardous")]
    [InlineData("grading.yaml", "mandatory: true", "mandatory: mostly", "rules/grading.yaml:20: criterion 'powers-on' of 'electronics': mandatory 'mostly' is not known; known are true, false, data-bearing, hygiene")]
    [InlineData("grading.yaml", "kind: yes-no", "kind: maybe", "rules/grading.yaml:19: criterion 'powers-on' of 'electronics': kind 'maybe' is not known; known are yes-no, ordinal, number")]
    [InlineData("grading.yaml", "name: functional-test", "name: powers-on", "rules/grading.yaml:22: category 'electronics': criterion 'powers-on' is given twice")]
    [InlineData("grading.yaml", "maximum: 100", "maximum: -1", "rules/grading.yaml:44: criterion 'battery-health' of 'electronics': maximum -1 is below minimum 0")]
    [InlineData("grading.yaml", "- {from: 60, cap: C, minus: 20}", "- {from: 0, cap: C, minus: 20}", "rules/grading.yaml:47: criterion 'battery-health' of 'electronics': band 2: from 0 must be above 0, where the band before begins")]
    [InlineData("grading.yaml", "- {from: 0, cap: D, minus: 40}", "- {from: 1, cap: D, minus: 40}", "rules/grading.yaml:46: criterion 'battery-health' of 'electronics': band 1: from 1 must be the minimum, 0")]
    // Routing
    [InlineData("routing.yaml", "dwell-loss-percent-per-day: 0.45, ", "", "rules/routing.yaml:7: category 'electronics': 'dwell-loss-percent-per-day' is missing")]
    [InlineData("routing.yaml", "  toys: {", "  toyz: {", "rules/routing.yaml:10: category 'toyz' has no checklist in the grading rules")]
    [InlineData("routing.yaml", "    force: [quarantine]\n", "", "rules/routing.yaml:20: hard block 'hazmat': needs either 'force' or 'fallback': where blocked units go")]
    [InlineData("routing.yaml", "force: [return_to_vendor, quarantine]", "force: [donate]", "rules/routing.yaml:17: hard block 'recall': 'donate' is both forbidden and in 'force'")]
    [InlineData("routing.yaml", "force: [return_to_vendor, quarantine]", "force: [resell]", "rules/routing.yaml:17: hard block 'recall': 'force' cannot resell: it names no channel")]
    [InlineData("routing.yaml", "policy: priority", "policy: cheapest", "rules/routing.yaml:40: row 'stated recall': policy 'cheapest' is not known; known are priority, value")]
    [InlineData("routing.yaml", "to: [quarantine]", "to: [shelf]", "rules/routing.yaml:41: row 'stated recall': disposition 'shelf' is not known; known are restock, refurbish, resell, return_to_vendor, donate, dispose, quarantine, manual_review")]
    [InlineData("routing.yaml", "to: [quarantine]", "to: [resell]", "rules/routing.yaml:41: row 'stated recall': 'resell' needs a channel: resell:CHANNEL")]
    [InlineData("routing.yaml", "'resell:owned-resale', 'resell:off-price'", "'resell:off-prize'", "rules/routing.yaml:65: row 'as new': channel 'off-prize' is not in the channels rules")]
    [InlineData("routing.yaml", "reasons: [recall]", "reasons: [recalled]", "rules/routing.yaml:39: row 'stated recall': reason 'recalled' is not known; known are unspecified, changed_mind, wrong_size, not_as_described, defective, damaged_in_transit, wrong_item, late_delivery, recall, warranty")]
    [InlineData("routing.yaml", "    reasons: [recall]\n", "", "rules/routing.yaml:42: row 'unsellable': never applies; the rows above it take all it matches")]
    // Channels
    [InlineData("channels.yaml", "currency: GBP", "currency: Pounds", "rules/channels.yaml:10: channel 'owned-resale': currency 'Pounds' must be an ISO 4217 code such as GBP")]
    [InlineData("channels.yaml", "{A: 82, B: 66}", "{A: 82}", "rules/channels.yaml:8: channel 'owned-resale': recovery-percent of grade 'B' is missing")]
    [InlineData("channels.yaml", "{A: 82, B: 66}", "{A: 82, B: 166}", "rules/channels.yaml:11: channel 'owned-resale': recovery-percent of 'B' 166 must be from 0 to 100")]
    [InlineData("channels.yaml", "{A: 82, B: 66}", "{A: 82, B: 66, D: 2}", "rules/channels.yaml:11: channel 'owned-resale': recovery-percent of 'D', but min-grade is 'B'")]
    [InlineData("channels.yaml", "min-grade: B", "min-grade: X", "rules/channels.yaml:9: channel 'owned-resale': min-grade 'X' is the unsellable grade")]
    [InlineData("channels.yaml", "name: certified-pre-owned", "name: owned-resale", "rules/channels.yaml:18: channel 'owned-resale': is given twice")]
    [InlineData("channels.yaml", "processing: 0.22", "processing: -0.22", "rules/channels.yaml:12: channel 'owned-resale': processing -0.22 must be from 0 to 1000000")]
    [InlineData("channels.yaml", "processing: 0.22", "processing: 0.22222", "rules/channels.yaml:12: channel 'owned-resale': processing 0.22222 must have at most 4 decimal places")]
    [InlineData("channels.yaml", "  donate:", "  quarantine:", "rules/channels.yaml:76: disposition 'quarantine': has no figures here; only restock, refurbish, donate, dispose have")]
    // Agreements
    [InlineData("agreements.yaml", "name: '*'", "name: V-0", "rules/agreements.yaml:2: agreements: the terms for vendors without an agreement are missing: add a vendor named '*'")]
    [InlineData("agreements.yaml", "name: V-1002", "name: V-1001", "rules/agreements.yaml:43: vendor 'V-1001': is given twice")]
    [InlineData("agreements.yaml", "return-to-vendor: forced", "return-to-vendor: always", "rules/agreements.yaml:13: vendor 'V-1001': return-to-vendor 'always' is not known; known are prohibited, eligible, forced")]
    [InlineData("agreements.yaml", "    credit-percent: 100\n", "", "rules/agreements.yaml:12: vendor 'V-1001': 'credit-percent' is missing")]
    [InlineData("agreements.yaml", "grades: [C, D, X]", "grades: [C, E]", "rules/agreements.yaml:15: vendor 'V-1001': grade 'E' is not a grade of the scale A, B, C, D, X")]
    [InlineData("agreements.yaml", "agreement: '2026'", "agreement: ''", "rules/agreements.yaml:23: agreement '' of vendor 'V-1001': agreement must not be empty")]
    [InlineData("agreements.yaml", "valid-from: 2026-01-01", "valid-from: 1.1.2026", "rules/agreements.yaml:24: agreement '2026' of vendor 'V-1001': valid-from '1.1.2026' must be a day such as 2026-01-31")]
    [InlineData("agreements.yaml", "valid-from: 2026-01-01", "valid-from: 2026-01-01\n        valid-to: 2026-01-01", "rules/agreements.yaml:25: agreement '2026' of vendor 'V-1001': valid-to, the first day it no longer holds, must be after valid-from")]
    [InlineData("agreements.yaml", "{reasons: [defective, warranty], grades: [D, X]}", "{reasons: [broken]}", "rules/agreements.yaml:26: defect of agreement '2026' of vendor 'V-1001': reason 'broken' is not known; known are unspecified")]
    [InlineData("agreements.yaml", "{reasons: [defective, warranty], grades: [D, X]}", "{}", "rules/agreements.yaml:26: defect of agreement '2026' of vendor 'V-1001': says no reasons and no grades: name what makes a unit defective")]
    [InlineData("agreements.yaml", "{reasons: [defective, warranty], grades: [D, X]}", "{grades: [E]}", "rules/agreements.yaml:26: agreement '2026' of vendor 'V-1001': grade 'E' is not a grade of the scale A, B, C, D, X")]
    [InlineData("agreements.yaml", "{units: 20, value: 25}", "{units: 120}", "rules/agreements.yaml:27: allowed-percent of agreement '2026' of vendor 'V-1001': units 120 must be from 0 to 100")]
    [InlineData("agreements.yaml", "{units: 20, value: 25}", "{}", "rules/agreements.yaml:27: allowed-percent of agreement '2026' of vendor 'V-1001': says neither units nor value: allow a percentage of one of them at least")]
    [InlineData("agreements.yaml", "rolling 52w", "sliding 52w", "rules/agreements.yaml:28: agreement '2026' of vendor 'V-1001': window 'sliding 52w' must be 'tumbling' or 'rolling' and a length, such as 'rolling 52w'")]
    [InlineData("agreements.yaml", "rolling 52w", "rolling 53w", "rules/agreements.yaml:28: agreement '2026' of vendor 'V-1001': window '53w' must be from 1h to 52w: a whole number and h, d or w")]
    [InlineData("agreements.yaml", "rolling 52w", "rolling 1m", "rules/agreements.yaml:28: agreement '2026' of vendor 'V-1001': window '1m' must be from 1h to 52w: a whole number and h, d or w")]
    [InlineData("agreements.yaml", "minimum-units: 50", "minimum-units: 0", "rules/agreements.yaml:29: agreement '2026' of vendor 'V-1001': minimum-units 0 must be from 1 to 1000000000")]
    [InlineData("agreements.yaml", "{criterion: accessories-complete, at-least: 1}", "{criterion: wrapping, at-least: 1}", "rules/agreements.yaml:32: agreement '2026' of vendor 'V-1001': criterion 'wrapping' is in no checklist of the grading rules")]
    [InlineData("agreements.yaml", "{criterion: accessories-complete, at-least: 1}", "{criterion: accessories-complete}", "rules/agreements.yaml:32: packaging of agreement '2026' of vendor 'V-1001': says neither at-least nor at-most, so nothing breaks it")]
    [InlineData("agreements.yaml", "{criterion: accessories-complete, at-least: 1}", "{criterion: accessories-complete, at-least: 1, at-most: 0}", "rules/agreements.yaml:32: packaging of agreement '2026' of vendor 'V-1001': at-most 0 is below at-least 1")]
    [InlineData("agreements.yaml", "        billing: 4w\n        close-after: 3d\n        credit-percent: 100\n", "        close-after: 3d\n", "rules/agreements.yaml:23: agreement '2026' of vendor 'V-1001': 'billing' is missing")]
    [InlineData("agreements.yaml", "per-unit: 2.40", "per-unit: 2.405", "rules/agreements.yaml:37: freight of agreement '2026' of vendor 'V-1001': per-unit 2.405 must have at most 2 decimal places")]
    [InlineData("agreements.yaml", "paid-by: vendor", "paid-by: nobody", "rules/agreements.yaml:37: freight of agreement '2026' of vendor 'V-1001': paid-by 'nobody' is not known; known are vendor, retailer")]
    [InlineData("agreements.yaml", "        authorization-needed: true\n        packaging", "        packaging", "rules/agreements.yaml:37: fees of agreement '2026' of vendor 'V-1001': no-authorization is never charged: set authorization-needed, or leave the fee out")]
    [InlineData("agreements.yaml", "        packaging:\n          - {criterion: accessories-complete, at-least: 1}\n", "", "rules/agreements.yaml:36: fees of agreement '2026' of vendor 'V-1001': packaging is never charged: say under packaging what was agreed, or leave the fee out")]
    [InlineData("agreements.yaml", "dispute-days: 30", "dispute-day: 30", "rules/agreements.yaml:39: agreement '2026' of vendor 'V-1001': unknown field 'dispute-day'; known are agreement, valid-from")]
    [InlineData("agreements.yaml", "agreement: holidays", "agreement: general", "agreement 'general' is given twice")]
    [InlineData("agreements.yaml", "        valid-from: 2026-12-01\n", "", "vendor 'V-2001': agreements 'general' and 'holidays' begin at once, so neither takes the place of the other: let one begin later")]
    // Categories
    [InlineData("categories.yaml", "fallback: homeware", "fallback: garden", "rules/categories.yaml:7: category 'garden' has no checklist in the grading rules")]
    [InlineData("categories.yaml", "night light holder, ", "night light holder, 'NIGHT-LIGHT HOLDER', ", "rules/categories.yaml:12: keywords of 'homeware': 'NIGHT-LIGHT HOLDER' is given twice; first on line 12")]
    [InlineData("categories.yaml", "night light holder, ", "'&', ", "rules/categories.yaml:12: keywords of 'homeware': '&' has no letter or digit")]
    // The documents together
    [InlineData("routing.yaml", "kind: routing\nprogram: '*'", "kind: routing\nprogram: acme", "rules: program '*' has no routing rules, and there are none for every program")]
    [InlineData("channels.yaml", "kind: channels\nprogram: '*'", "kind: routing\nprogram: '*'", "rules/channels.yaml:6: routing: unknown field 'channels'; known are kind, program, version, categories, hard-blocks, table")]
    public void An_error_names_place_thing_value_and_way_out(string file, string from, string to, string error) =>
        Assert.Contains(ShippedRules.Errors((file, from, to)), e => e.ToString().Contains(error, StringComparison.Ordinal));

    [Fact]
    public void All_errors_of_all_files_are_told_at_once()
    {
        var errors = ShippedRules.Errors(
            ("grading.yaml", "deadline-hours: 72", "deadline-hours: 0"), ("grading.yaml", "'no': {cap: D}", "'no': {cap: E}"),
            ("agreements.yaml", "return-to-vendor: forced", "return-to-vendor: always"));
        Assert.Equal(["rules/agreements.yaml:13", "rules/grading.yaml:12", "rules/grading.yaml:21"],
            errors.Select(e => $"{e.Source}:{e.Line}"));
    }

    [Fact]
    public void Two_files_of_one_kind_for_one_program_are_one_too_many()
    {
        var twice = ShippedRules.Files().Append(ShippedRules.Files()[0] with { Name = "rules/zz.yaml" });
        Assert.False(RuleFile.TryCompile(twice, out var documents, out var book, out var errors));
        Assert.Empty(documents);
        Assert.Null(book.Find("anyone"u8));
        Assert.Equal("rules/zz.yaml", Assert.Single(errors).Source);
    }

    [Fact]
    public void An_empty_folder_is_not_a_rule_set()
    {
        Assert.False(RuleFile.TryCompile([], out _, out _, out var errors));
        Assert.Equal("rules: there is no rule file; rules are files of YAML, one for each kind of rules", Assert.Single(errors).ToString());
    }
}
