// Each test runs a whole pipeline, which has two cores' worth of work on its own.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
