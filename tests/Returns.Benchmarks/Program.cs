using Returns.Benchmarks;

var benchmarks = typeof(IBenchmark).Assembly.GetTypes()
    .Where(type => type.IsAssignableTo(typeof(IBenchmark)) && type is { IsAbstract: false })
    .Select(type => (IBenchmark)Activator.CreateInstance(type)!)
    .OrderBy(benchmark => benchmark.Name, StringComparer.Ordinal)
    .ToList();
try
{
    if (args.Length > 0 && benchmarks.Find(benchmark => benchmark.Name == args[0]) is { } chosen) return await chosen.RunAsync(args[1..]);
    Console.Error.WriteLine(args.Length == 0 ? "which benchmark?" : $"'{args[0]}': no such benchmark");
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
}

Console.Error.WriteLine("usage: Returns.Benchmarks NAME [arguments]");
foreach (var benchmark in benchmarks) Console.Error.WriteLine($"  {benchmark.Name} {benchmark.Usage}");
return 2;
