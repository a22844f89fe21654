namespace Returns.Benchmarks;

/// <summary>What can be measured by name. Every implementation with a parameterless constructor is found by Program.</summary>
internal interface IBenchmark
{
    /// <summary>What it is called on the command line.</summary>
    string Name { get; }

    /// <summary>What it measures, in one line.</summary>
    string Usage { get; }

    /// <summary>True where it gives rows of the table of budgets; the others run when they are named.</summary>
    bool IsBudget { get; }

    /// <summary>Measures in rounds, and adds rows as it has them.</summary>
    /// <param name="run">Takes the rows, and has the broker.</param>
    Task RunAsync(BenchmarkRun run);
}
