namespace Returns.Benchmarks;

/// <summary>One figure that can be measured by name. Every implementation with a parameterless constructor is found by Program.</summary>
internal interface IBenchmark
{
    /// <summary>What it is called on the command line.</summary>
    string Name { get; }

    /// <summary>Its arguments and what it measures, in one line.</summary>
    string Usage { get; }

    /// <summary>Measures, printing figures to standard output as it goes.</summary>
    /// <param name="args">What followed the name.</param>
    /// <returns>The exit code: 0 when it ran to its end.</returns>
    /// <exception cref="FormatException">An argument is not understood; the message says which and why.</exception>
    Task<int> RunAsync(string[] args);
}
