using System.CommandLine;
using System.Globalization;
using System.Text;
using Returns.Cli.Up;
using Returns.Contracts;
using Returns.Contracts.Wire;
using Returns.Topologies.Compliance;

namespace Returns.Cli.Chargebacks;

/// <summary>The command line of <c>returns chargebacks</c>.</summary>
internal static class ChargebacksCommand
{
    private const int Differs = 3;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var kafka = new KafkaOptions();
        var registry = new RegistryOption();
        var vendor = new Option<string?>("--vendor") { Description = "Only documents to this vendor.", HelpName = "VENDOR" };
        var folder = new Option<DirectoryInfo>("--out") { Description = "Folder to write to.", DefaultValueFactory = _ => new DirectoryInfo("chargebacks"), HelpName = "DIR" };
        var id = new Argument<string>("ID") { Description = "Id of the document, or the beginning of it, such as CB-1f2e." };

        var list = registry.On(kafka.On(new Command("list", "List chargebacks and corrections.") { vendor }));
        list.SetAction((result, cancel) => Run(result, store => (0, [.. Of(store.Documents(), result.GetValue(vendor)).Select(Line)]), cancel));

        var show = registry.On(kafka.On(new Command("show", "Show a document with its units, as JSON.") { id }));
        show.SetAction((result, cancel) => Run(result, store =>
        {
            var document = Find(store.Documents(), result.GetValue(id)!);
            return (0, [Encoding.UTF8.GetString(DocumentJson.Write(document, store.Units(document)))]);
        }, cancel));

        var verify = registry.On(kafka.On(new Command("verify", "Recompute every figure and hash of all documents from the journal, the scans and the decisions, and say what differs.")));
        verify.SetAction((result, cancel) => Run(result, store =>
        {
            var (audit, findings) = store.Verify();
            var sum = string.Create(CultureInfo.InvariantCulture,
                $"{audit.Documents} documents, {audit.JournalRecords} records of the journal, {audit.RawRecords} raw records compared, {audit.Expired} no longer held: {(findings.Count == 0 ? "all is as the documents say" : $"{findings.Count} differences")}");
            return (findings.Count == 0 ? 0 : Differs, [.. findings.Select(finding => finding.ToString()), sum]);
        }, cancel));

        var export = registry.On(kafka.On(new Command("export", "Write documents with their units to files: as JSON, and as a page to print.") { vendor, folder }));
        export.SetAction((result, cancel) => Run(result, store =>
        {
            var files = new List<string>();
            var into = Directory.CreateDirectory(result.GetValue(folder)!.FullName).FullName;
            foreach (var document in Of(store.Documents(), result.GetValue(vendor)))
            {
                var units = store.Units(document);
                var file = Path.Combine(into, document.DocumentId.ToString());
                File.WriteAllBytes(file + ".json", DocumentJson.Write(document, units));
                File.WriteAllText(file + ".html", DocumentPage.Write(document, units));
                files.Add(file + ".html");
            }
            return (0, files);
        }, cancel));
        return new Command("chargebacks", "Chargebacks and corrections: list, show, verify, export.") { list, show, verify, export };

        async Task<int> Run(ParseResult result, Func<DocumentStore, (int Code, IReadOnlyList<string> Lines)> work, CancellationToken cancel)
        {
            using var registered = registry.Read(result, out var schemas);
            try
            {
                if (registered is not null)
                {
                    ComplianceTopology.Register(registered);
                }
                var client = kafka.Read(result, "returns.chargebacks");
                var (code, lines) = await Progress.DuringAsync("reading", progress =>
                {
                    using var store = new DocumentStore(client, schemas, progress, cancel);
                    return work(store);
                });
                foreach (var line in lines)
                {
                    Console.WriteLine(line);
                }
                return code;
            }
            catch (SchemaRegistryException error)
            {
                throw new UpException(error.Message);
            }
        }
    }


    private static IEnumerable<Chargeback> Of(IEnumerable<Chargeback> documents, string? vendor) =>
        documents.Where(d => vendor is null || d.Vendor.ToString() == vendor)
            .OrderBy(d => d.Program).ThenBy(d => d.Vendor).ThenBy(d => d.Sequence);

    private static Chargeback Find(IReadOnlyList<Chargeback> documents, string id)
    {
        var found = documents.Where(d => d.DocumentId.ToString().StartsWith(id, StringComparison.Ordinal)).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new UpException($"no document '{id}' among {documents.Count}: see 'returns chargebacks list'"),
            _ => throw new UpException($"'{id}' begins the ids of {found.Count} documents: give more of it"),
        };
    }

    private static string Line(Chargeback document) => string.Create(CultureInfo.InvariantCulture,
        $"{document.DocumentId}  {document.Kind.ToSymbol(),-10}  {document.Program}|{document.Vendor} #{document.Sequence}  {Times.Minute(document.WindowStart)} to {Times.Minute(document.WindowEnd)}  {document.Figures.Defects}/{document.Figures.Units} defective  {document.Total:0.00##} {document.Terms.Currency}{(document.Corrects is { } corrects ? $"  corrects {corrects}" : "")}");
}
