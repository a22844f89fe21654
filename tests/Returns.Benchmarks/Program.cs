using System.Globalization;
using Returns.Benchmarks;

IBenchmark[] known =
[
    .. typeof(IBenchmark).Assembly.GetTypes()
        .Where(type => type.IsAssignableTo(typeof(IBenchmark)) && type is { IsAbstract: false })
        .Select(type => (IBenchmark)Activator.CreateInstance(type)!)
        .OrderBy(benchmark => !benchmark.IsBudget).ThenBy(benchmark => benchmark.Name, StringComparer.Ordinal),
];
var (chosen, rounds, size, json) = (known.Where(benchmark => benchmark.IsBudget).ToArray(), 5, 1.0, "artifacts/bench.json");
try
{
    for (var i = 0; i < args.Length; i++)
    {
        switch (args[i])
        {
            case "--rounds": rounds = (int)Number(1, 1000); break;
            case "--size": size = Number(0.001, 1000); break;
            case "--json": json = Value(); break;
            case ['-', ..]: throw new FormatException($"'{args[i]}': no such option");
            default: chosen = [.. args[i].Split(',').Select(name => Array.Find(known, b => b.Name == name) ?? throw new FormatException($"'{name}': no such benchmark"))]; break;
        }

        string Value() => ++i < args.Length ? args[i] : throw new FormatException($"{args[^1]}: a value is missing");

        double Number(double least, double most)
        {
            var (option, text) = (args[i], Value());
            return double.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{option} '{text}': expected a number from {least} to {most}"));
        }
    }
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine("usage: Returns.Benchmarks [NAME,...] [--rounds 5] [--size 1] [--json artifacts/bench.json]");
    Console.Error.WriteLine("without names: all whose name has a star");
    foreach (var benchmark in known)
    {
        Console.Error.WriteLine($"  {(benchmark.IsBudget ? '*' : ' ')} {benchmark.Name,-13} {benchmark.Usage}");
    }
    return 2;
}

var failed = new List<string>();
using var run = new BenchmarkRun(rounds, size);
foreach (var benchmark in chosen)
{
    Console.WriteLine($"{benchmark.Name}: {benchmark.Usage}");
    try
    {
        await benchmark.RunAsync(run);
    }
    catch (Exception error) when (error is not OutOfMemoryException)
    {
        // What the others have measured is not lost with it.
        failed.Add(benchmark.Name);
        run.Add(new Row { Work = benchmark.Name, Unit = "", Ours = [], NotMeasured = $"it failed: {error.Message}" });
    }
}
run.Print();
run.Write(json);
return failed.Count == 0 ? 0 : 1;
