namespace Returns.LocalKafka.Protocol;

/// <summary>The versions of one request that are understood, both ends included.</summary>
/// <param name="FlexibleFrom">The first version with compact lengths and tagged fields; <see cref="short.MaxValue"/> for never.</param>
internal readonly record struct ApiVersion(ApiKey Key, short Min, short Max, short FlexibleFrom)
{
    private const short Never = short.MaxValue;

    /// <summary>Everything the broker advertises, in the order of the keys.</summary>
    /// <remarks>
    /// Produce is advertised from version 0 although only record batches of magic 2 are taken: librdkafka reads
    /// "compression is possible" off that range, and Apache Kafka 4 does the same for it (KAFKA-18659).
    /// Transaction API versions stop short of KIP-890's second protocol, which needs the feature transaction.version 2.
    /// </remarks>
    public static ApiVersion[] Supported { get; } =
    [
        new(ApiKey.Produce, 0, 10, 9),
        new(ApiKey.Fetch, 4, 16, 12),
        new(ApiKey.ListOffsets, 1, 7, 6),
        new(ApiKey.Metadata, 0, 12, 9),
        new(ApiKey.OffsetCommit, 2, 8, 8),
        new(ApiKey.OffsetFetch, 1, 8, 6),
        new(ApiKey.FindCoordinator, 0, 4, 3),
        new(ApiKey.JoinGroup, 0, 9, 6),
        new(ApiKey.Heartbeat, 0, 4, 4),
        new(ApiKey.LeaveGroup, 0, 5, 4),
        new(ApiKey.SyncGroup, 0, 5, 4),
        new(ApiKey.DescribeGroups, 0, 5, 5),
        new(ApiKey.ListGroups, 0, 4, 3),
        new(ApiKey.SaslHandshake, 0, 1, Never),
        new(ApiKey.ApiVersions, 0, 3, 3),
        new(ApiKey.CreateTopics, 2, 7, 5),
        new(ApiKey.DeleteTopics, 1, 6, 4),
        new(ApiKey.DeleteRecords, 0, 2, 2),
        new(ApiKey.InitProducerId, 0, 4, 2),
        new(ApiKey.OffsetForLeaderEpoch, 2, 4, 4),
        new(ApiKey.AddPartitionsToTxn, 0, 3, 3),
        new(ApiKey.AddOffsetsToTxn, 0, 3, 3),
        new(ApiKey.EndTxn, 0, 3, 3),
        new(ApiKey.TxnOffsetCommit, 0, 3, 3),
        new(ApiKey.DescribeConfigs, 1, 4, 4),
        new(ApiKey.AlterConfigs, 0, 2, 2),
        new(ApiKey.SaslAuthenticate, 0, 2, 2),
        new(ApiKey.CreatePartitions, 0, 3, 2),
        new(ApiKey.DeleteGroups, 0, 2, 2),
        new(ApiKey.IncrementalAlterConfigs, 0, 1, 1),
        new(ApiKey.OffsetDelete, 0, 0, Never),
        new(ApiKey.DescribeCluster, 0, 1, 0),
        new(ApiKey.DescribeProducers, 0, 0, 0),
        new(ApiKey.DescribeTransactions, 0, 0, 0),
        new(ApiKey.ListTransactions, 0, 1, 0),
    ];

    private static readonly ApiVersion?[] ByKey = Index();

    /// <summary>Finds the row of a request, or null when this broker does not know it.</summary>
    public static ApiVersion? Find(short key) => (uint)key < (uint)ByKey.Length ? ByKey[key] : null;

    private static ApiVersion?[] Index()
    {
        var rows = new ApiVersion?[Supported.Max(api => (int)api.Key) + 1];
        foreach (var api in Supported) rows[(int)api.Key] = api;
        return rows;
    }
}
