using Microsoft.AspNetCore.Http;

namespace Returns.Cli.Page;

/// <summary>A file of the bundled page, held in the assembly.</summary>
internal sealed class PageAsset
{
    private const string Prefix = "Page/Web/";
    private readonly string _contentType;
    private readonly byte[] _content;

    private PageAsset(string name)
    {
        using var stream = typeof(PageAsset).Assembly.GetManifestResourceStream(Prefix + name)!;
        _content = new byte[stream.Length];
        stream.ReadExactly(_content);
        _contentType = Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            ".woff2" => "font/woff2",
            var other => throw new InvalidOperationException($"the page has the file {name}, and {other} has no content type here"),
        };
        Paths = name == "index.html" ? ["/", "/recovery", "/vendors"] : ["/" + name];
    }

    /// <summary>All files; none where the page was not bundled.</summary>
    public static IReadOnlyList<PageAsset> All { get; } =
        [.. typeof(PageAsset).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => new PageAsset(name[Prefix.Length..]))];

    /// <summary>Where it is served: the one page stands for every view.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Answers with it.</summary>
    public Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = _contentType;
        context.Response.ContentLength = _content.Length;
        return context.Response.Body.WriteAsync(_content, context.RequestAborted).AsTask();
    }
}
