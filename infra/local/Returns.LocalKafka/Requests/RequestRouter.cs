using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Requests;

/// <summary>Hands each request to the class that answers it.</summary>
internal sealed class RequestRouter(
    ClusterRequests cluster, ProduceRequests produce, FetchRequests fetch, OffsetRequests offsets, GroupRequests groups,
    GroupOffsetRequests groupOffsets, TransactionRequests transactions, TopicRequests topics, ConfigRequests configs, SaslRequests sasl)
{
    /// <summary>Answers a request whose header is read. The stop token ends waits.</summary>
    /// <exception cref="MalformedRequestException">The bytes are not that request.</exception>
    public ValueTask<Outcome> HandleAsync(RequestContext request, CancellationToken stop)
    {
        if (sasl.Withholds(request)) throw new MalformedRequestException("it has not shown who it is; this broker has users: security.protocol=SASL_PLAINTEXT, sasl.mechanism=PLAIN");
        switch (request.Key)
        {
            case ApiKey.Produce: return new(produce.Produce(request));
            case ApiKey.Fetch: return fetch.FetchAsync(request, stop);
            case ApiKey.JoinGroup: return groups.JoinAsync(request, stop);
            case ApiKey.SyncGroup: return groups.SyncAsync(request, stop);
        }

        switch (request.Key)
        {
            case ApiKey.ListOffsets: offsets.ListOffsets(request); break;
            case ApiKey.OffsetForLeaderEpoch: offsets.OffsetForLeaderEpoch(request); break;
            case ApiKey.Metadata: cluster.Metadata(request); break;
            case ApiKey.ApiVersions: ClusterRequests.ApiVersions(request, ErrorCode.None); break;
            case ApiKey.FindCoordinator: cluster.FindCoordinator(request); break;
            case ApiKey.DescribeCluster: cluster.DescribeCluster(request); break;
            case ApiKey.SaslHandshake: sasl.Handshake(request); break;
            case ApiKey.SaslAuthenticate: sasl.Authenticate(request); break;
            case ApiKey.Heartbeat: groups.Heartbeat(request); break;
            case ApiKey.LeaveGroup: groups.Leave(request); break;
            case ApiKey.DescribeGroups: groups.Describe(request); break;
            case ApiKey.ListGroups: groups.List(request); break;
            case ApiKey.DeleteGroups: groups.Delete(request); break;
            case ApiKey.OffsetCommit: groupOffsets.Commit(request); break;
            case ApiKey.OffsetFetch: groupOffsets.Fetch(request); break;
            case ApiKey.OffsetDelete: groupOffsets.Delete(request); break;
            case ApiKey.InitProducerId: transactions.InitProducerId(request); break;
            case ApiKey.AddPartitionsToTxn: transactions.AddPartitions(request); break;
            case ApiKey.AddOffsetsToTxn: transactions.AddOffsets(request); break;
            case ApiKey.TxnOffsetCommit: transactions.CommitOffsets(request); break;
            case ApiKey.EndTxn: transactions.End(request); break;
            case ApiKey.DescribeProducers: transactions.DescribeProducers(request); break;
            case ApiKey.DescribeTransactions: transactions.Describe(request); break;
            case ApiKey.ListTransactions: transactions.List(request); break;
            case ApiKey.CreateTopics: topics.Create(request); break;
            case ApiKey.DeleteTopics: topics.Delete(request); break;
            case ApiKey.CreatePartitions: topics.CreatePartitions(request); break;
            case ApiKey.DeleteRecords: topics.DeleteRecords(request); break;
            case ApiKey.DescribeConfigs: configs.Describe(request); break;
            case ApiKey.AlterConfigs: configs.Alter(request); break;
            case ApiKey.IncrementalAlterConfigs: configs.IncrementalAlter(request); break;
            default: throw new MalformedRequestException($"{request.Key} is advertised but not answered");
        }

        return new(Outcome.Respond);
    }
}
