using System.Globalization;
using System.Text;

namespace Returns.Cli.Reports;

/// <summary>A bar of a chart.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Value">Its length, which may be negative; null for none.</param>
/// <param name="Text">What it says.</param>
/// <param name="Before">Where the baseline's would end; null for none.</param>
/// <param name="StandsOut">Whether it is to be seen first.</param>
internal readonly record struct Bar(string Name, double? Value, string Text, double? Before = null, bool StandsOut = false);

/// <summary>Pictures as SVG within a page, whose colours are the page's. Each says in words what it shows; its figures are in a table beside it.</summary>
internal static class Charts
{
    private const int Width = 640;
    private const int NameWidth = 170;
    private const int TextWidth = 90;
    private const int BarHeight = 22;
    private const int ColumnsHeight = 150;

    /// <summary>Bars below each other.</summary>
    public static string Bars(string says, IReadOnlyList<Bar> bars)
    {
        var values = bars.SelectMany(b => new[] { b.Value ?? 0, b.Before ?? 0 }).Append(0).ToList();
        var (least, most) = (values.Min(), Math.Max(values.Max(), values.Min() + 1e-9));
        double At(double value) => NameWidth + (value - least) / (most - least) * (Width - NameWidth - TextWidth);
        var height = bars.Count * BarHeight + 6;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg role=\"img\" viewBox=\"0 0 {Width} {height}\" aria-label=\"{Words.Html(says)}\">");
        for (var i = 0; i < bars.Count; i++)
        {
            var bar = bars[i];
            var y = i * BarHeight + 3;
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"name\" x=\"{NameWidth - 8}\" y=\"{y + 14}\" text-anchor=\"end\">{Words.Html(Short(bar.Name))}</text>");
            if (bar.Value is { } value)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{(bar.StandsOut ? "bar out" : "bar")}\" x=\"{At(Math.Min(0, value)):0.0}\" y=\"{y + 2}\" width=\"{Math.Max(1, Math.Abs(At(value) - At(0))):0.0}\" height=\"{BarHeight - 8}\"/>");
            }
            if (bar.Before is { } before)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"before\" x1=\"{At(before):0.0}\" x2=\"{At(before):0.0}\" y1=\"{y}\" y2=\"{y + BarHeight - 4}\"/>");
            }
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{At(Math.Max(0, Math.Max(bar.Value ?? 0, bar.Before ?? 0))) + 6:0.0}\" y=\"{y + 14}\">{Words.Html(bar.Text)}</text>");
        }
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{At(0):0.0}\" x2=\"{At(0):0.0}\" y1=\"0\" y2=\"{height}\"/></svg>\n");
        return svg.ToString();
    }

    /// <summary>A column for each day, with a part of it in another colour.</summary>
    public static string Columns(string says, IReadOnlyList<(DateOnly Day, long All, long Part)> days)
    {
        var most = Math.Max(1, days.Max(d => d.All));
        var step = (double)(Width - 60) / days.Count;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg role=\"img\" viewBox=\"0 0 {Width} {ColumnsHeight + 30}\" aria-label=\"{Words.Html(says)}\">");
        foreach (var share in new[] { 0.5, 1 })
        {
            var y = ColumnsHeight - (ColumnsHeight - 14) * share;
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"50\" x2=\"{Width}\" y1=\"{y:0.0}\" y2=\"{y:0.0}\"/><text x=\"44\" y=\"{y + 4:0.0}\" text-anchor=\"end\">{Words.Count((long)(most * share))}</text>");
        }
        for (var i = 0; i < days.Count; i++)
        {
            var (day, all, part) = days[i];
            var (x, height, partHeight) = (54 + i * step, (double)all / most * (ColumnsHeight - 14), (double)part / most * (ColumnsHeight - 14));
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"bar\" x=\"{x:0.0}\" y=\"{ColumnsHeight - height:0.0}\" width=\"{step * 0.8:0.0}\" height=\"{height:0.0}\"><title>{day:yyyy-MM-dd}: {Words.Count(all)} units, {Words.Count(part)} written off</title></rect>");
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"bar out\" x=\"{x:0.0}\" y=\"{ColumnsHeight - partHeight:0.0}\" width=\"{step * 0.8:0.0}\" height=\"{partHeight:0.0}\"/>");
            if (i % 7 == 0)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + step * 0.4:0.0}\" y=\"{ColumnsHeight + 16}\" text-anchor=\"middle\">{day:d MMM}</text>");
            }
        }
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"50\" x2=\"{Width}\" y1=\"{ColumnsHeight}\" y2=\"{ColumnsHeight}\"/></svg>\n");
        return svg.ToString();
    }

    private static string Short(string name) => name.Length <= 24 ? name : name[..23] + "…";
}
