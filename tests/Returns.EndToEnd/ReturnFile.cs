using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Returns.EndToEnd;

/// <summary>A made-up file in the layout of UCI Online Retail, with what must come of it.</summary>
internal sealed class ReturnFile
{
    private static readonly string[] Descriptions = ["WOODLAND CHARLOTTE BAG", "ALARM CLOCK BAKELIKE RED", "JUMBO BAG RED RETROSPOT", "WHITE HANGING HEART T-LIGHT HOLDER", "SPACEBOY LUNCH BOX", "\"RECIPE BOX, BLUE\"", "TEDDY BEAR", "LIP GLOSS"];
    private static readonly string[] Fees = ["M", "POST", "D", "AMAZONFEE", "BANK CHARGES", "CRUK"];

    public int Lines { get; private set; }

    public int Rejected { get; private set; }

    public long Units { get; private set; }

    /// <summary>Writes a file of <paramref name="lines"/> data lines, gzipped where the name ends in .gz.</summary>
    public static ReturnFile Write(string path, int seed, int lines)
    {
        var random = new Random(seed);
        var file = new ReturnFile();
        var text = new StringBuilder("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n");
        var time = new DateTime(2011, 7, 1, 8, 0, 0);
        for (var i = 0; i < lines; i++)
        {
            time = time.AddMinutes(random.Next(90));
            var units = random.Next(100) < 3 ? random.Next(300, 1200) : random.Next(1, 12);
            var date = time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
            var price = (random.Next(5, 3000) / 100m).ToString(CultureInfo.InvariantCulture);
            file.Lines++;
            switch (random.Next(20))
            {
                case 0:
                    text.Append(CultureInfo.InvariantCulture, $"C{536000 + i},{Fees[random.Next(Fees.Length)]},Fee,-{units},{date},{price},,United Kingdom\n");
                    file.Rejected++;
                    break;
                case 1:
                    text.Append(CultureInfo.InvariantCulture, $"C{536000 + i},22{random.Next(100, 999)},Broken,minus two,{date},{price},12345.0,France\n");
                    file.Rejected++;
                    break;
                default:
                    var product = random.Next(60);
                    text.Append(CultureInfo.InvariantCulture, $"C{536000 + i},{22000 + product}{(product % 7 == 0 ? "B" : "")},{Descriptions[product % Descriptions.Length]},-{units},{date},{price},14527.0,United Kingdom\n");
                    file.Units += units;
                    break;
            }
        }
        using var output = File.Create(path);
        using var packed = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(output, CompressionLevel.Fastest) : null;
        ((Stream?)packed ?? output).Write(Encoding.UTF8.GetBytes(text.ToString()));
        return file;
    }
}
