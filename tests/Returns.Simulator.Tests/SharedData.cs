namespace Returns.Simulator.Tests;

/// <summary>The real returns file beside the repository, where there is one.</summary>
internal static class SharedData
{
    private const string File = "shared/data/online-retail-returns-2010-12_2011-06.csv.gz";

    /// <summary>Path of the file; skips the test where it is absent.</summary>
    public static string OrSkip()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, File);
            if (System.IO.File.Exists(path)) return path;
        }
        Assert.Skip($"{File} is in no folder above this one");
        return "";
    }
}
