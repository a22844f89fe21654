using Returns.Contracts;
using Returns.Domain.Compliance;
using Returns.Domain.Grading;
using Returns.Domain.Routing;
using Returns.Domain.Rules.Yaml;

namespace Returns.Domain.Rules;

/// <summary>Reads <c>kind: agreements</c>: what each vendor takes back, and on what terms; and what it was agreed to be measured by.</summary>
internal sealed class AgreementsDocument
{
    private readonly List<Definition> _vendors = [];

    public static AgreementsDocument Parse(MapReader root)
    {
        var document = new AgreementsDocument();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in root.List("vendors", required: true))
        {
            var label = node.Fields?.Find(f => f.Name == "name").Value?.Scalar ?? "?";
            var map = new MapReader(node, $"vendor '{label}'", root.Errors);
            var name = map.RequiredText("name");
            if (name.Value.Length > 0 && !names.Add(name.Value)) map.Error(name.Line, "is given twice");
            document._vendors.Add(Definition.Parse(map, name.Value));
        }

        root.End();
        if (document._vendors.Count > 0 && !names.Contains("*"))
            root.Error(root.Line, "the terms for vendors without an agreement are missing: add a vendor named '*'");
        return document;
    }

    public VendorRules Compile(string version, GradingRules grading, RuleErrors errors)
    {
        var terms = new Dictionary<Utf8, VendorTerms>(Utf8Comparer.Instance);
        var agreements = new Dictionary<Utf8, VendorAgreements>(Utf8Comparer.Instance);
        VendorTerms? others = null;
        foreach (var vendor in _vendors)
        {
            var compiled = vendor.Compile(grading.Scale, errors);
            if (vendor.Name == "*") others = compiled;
            else terms.TryAdd(vendor.Name, compiled);
            if (vendor.Compliance.Count > 0)
                agreements.TryAdd(vendor.Name, new VendorAgreements(vendor.Compliance.Select(c => c.Compile(version, grading, errors))));
        }

        // Without '*' the document was refused when it was read.
        return new VendorRules(version, terms, others!, agreements);
    }

    private sealed record Definition(string Name, ReturnToVendor ReturnToVendor, uint Reasons, List<Located<string>>? Grades,
        int? WindowDays, bool AuthorizationNeeded, Currency Currency, int Credit, long Handling, long Freight,
        List<ComplianceDefinition> Compliance)
    {
        public static Definition Parse(MapReader map, string name)
        {
            var how = ReturnToVendor.Prohibited;
            var text = map.RequiredText("return-to-vendor");
            switch (text.Value)
            {
                case "prohibited": break;
                case "eligible": how = ReturnToVendor.Eligible; break;
                case "forced": how = ReturnToVendor.Forced; break;
                case "": break;
                default:
                    map.Error(text.Line,
                        $"return-to-vendor '{text.Value}' is not known; known are prohibited, eligible, forced");
                    break;
            }

            var compliance = ComplianceOf(map, name);
            if (text.Value is "prohibited" or "")
            {
                map.End();
                return new Definition(name, how, 0, [], null, false, Currency.None, 0, 0, 0, compliance);
            }

            var reasons = uint.MaxValue;
            if (map.Has("reasons"))
            {
                reasons = 0;
                foreach (var reason in map.Texts("reasons", required: true))
                    if (WireNames<ReturnReason>.Parse(map, "reason", reason) is { } value) reasons |= 1u << (int)value;
            }

            map.Optional("reasons");
            var grades = map.Has("grades") ? map.Texts("grades", required: true) : null;
            map.Optional("grades");
            var window = (int?)map.OptionalNumber("window-days", 0, 3650, 0)?.Value;
            var authorization = map.Flag("authorization-needed");
            var currency = ChannelsDocument.CurrencyOf(map);
            map.Required("credit-percent");
            var credit = map.BasisPoints("credit-percent") ?? 0;
            var handling = map.Amount("handling");
            var freight = map.Amount("freight-per-kg");
            map.End();
            return new Definition(name, how, reasons, grades, window, authorization, currency, credit, handling, freight,
                compliance);
        }

        private static List<ComplianceDefinition> ComplianceOf(MapReader map, string vendor)
        {
            var agreements = new List<ComplianceDefinition>();
            foreach (var node in map.List("compliance", required: false))
            {
                var agreement = ComplianceDefinition.Parse(node, vendor, map.Errors);
                if (agreements.Exists(a => a.Name == agreement.Name))
                    map.Error(agreement.Line, $"agreement '{agreement.Name}' is given twice");
                else if (agreements.Find(a => a.ValidFrom == agreement.ValidFrom) is { } other)
                    map.Error(agreement.Line, $"agreements '{other.Name}' and '{agreement.Name}' begin at once, so neither takes the place of the other: let one begin later");
                agreements.Add(agreement);
            }

            if (vendor == "*" && agreements.Count > 0)
                map.Error(agreements[0].Line, "compliance is agreed with a vendor: give it a vendor of its own");
            return agreements;
        }

        public VendorTerms Compile(GradeScale scale, RuleErrors errors)
        {
            var grades = uint.MaxValue;
            if (Grades is not null)
            {
                grades = 0;
                foreach (var grade in Grades)
                {
                    var index = scale.IndexOf(grade.Value);
                    if (index < 0)
                        errors.Add(grade.Line, $"vendor '{Name}': {GradingDocument.UnknownGrade("grade", grade.Value, scale)}");
                    else grades |= 1u << index;
                }
            }

            return new VendorTerms(Name, ReturnToVendor, Reasons, grades, WindowDays, AuthorizationNeeded, Currency, Credit,
                Handling, Freight);
        }
    }
}
