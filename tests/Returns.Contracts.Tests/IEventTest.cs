namespace Returns.Contracts.Tests;

/// <summary>What holds for each event alike.</summary>
internal interface IEventTest
{
    void Run<T>(Random random) where T : class, IAvroRecord<T>, new();
}

internal static class EachEvent
{
    /// <summary>Runs a test for every event of schemas/, each with its own seed.</summary>
    public static void Passes(IEventTest test)
    {
        test.Run<ItemScan>(new Random(1));
        test.Run<ItemGraded>(new Random(2));
        test.Run<ItemRouted>(new Random(3));
        test.Run<ItemException>(new Random(4));
        test.Run<OperatorOverride>(new Random(5));
        test.Run<CatalogItem>(new Random(6));
        test.Run<RuleSet>(new Random(7));
        test.Run<StationHeartbeat>(new Random(8));
    }
}
