using Confluent.Kafka;

namespace Returns.ClickHouse.Sink;

/// <summary>Which of the broker's errors pass by themselves.</summary>
internal static class BrokerErrors
{
    /// <summary>
    /// Whether a commit or a look at the committed offsets may succeed later, or the next poll will say why not: a rebalance,
    /// a generation that is over, a broker that is not there.
    /// </summary>
    public static bool MayPass(ErrorCode error) => error is
        ErrorCode.RebalanceInProgress or ErrorCode.IllegalGeneration or ErrorCode.UnknownMemberId or ErrorCode.StaleMemberEpoch
        or ErrorCode.Local_AssignmentLost or ErrorCode.Local_WaitCoord or ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue
        or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Resolve or ErrorCode.Local_State
        or ErrorCode.RequestTimedOut or ErrorCode.NetworkException or ErrorCode.NotCoordinatorForGroup or ErrorCode.GroupCoordinatorNotAvailable
        or ErrorCode.GroupLoadInProgress or ErrorCode.UnstableOffsetCommit or ErrorCode.BrokerNotAvailable or ErrorCode.LeaderNotAvailable
        or ErrorCode.NotLeaderForPartition;

    /// <summary>Whether the broker refuses this client for good.</summary>
    public static bool IsRefusal(ErrorCode error) => error is
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
        or ErrorCode.SaslAuthenticationFailed or ErrorCode.FencedInstanceId or ErrorCode.InvalidGroupId or ErrorCode.InconsistentGroupProtocol;
}
