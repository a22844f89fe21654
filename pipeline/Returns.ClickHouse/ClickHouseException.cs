namespace Returns.ClickHouse;

/// <summary>ClickHouse did not do what it was asked.</summary>
/// <remarks>
/// <see cref="IsAway"/> tells a server that cannot be reached, is overloaded, out of space or stopping, where waiting helps, from
/// a statement that it will never take.
/// </remarks>
public sealed class ClickHouseException : Exception
{
    /// <summary>The error code by which the server refuses an unknown account or password.</summary>
    internal const int AuthenticationFailed = 516;

    internal ClickHouseException(string message, int code, bool isAway, Exception? inner = null) : base(message, inner) =>
        (Code, IsAway) = (code, isAway);

    /// <summary>The server's error code, or 0 when there was no answer.</summary>
    public int Code { get; }

    /// <summary>Whether the same request may succeed later. It may also have been carried out: the answer was not seen.</summary>
    public bool IsAway { get; }

    /// <summary>Whether the server's error <paramref name="code"/> is about the server's state rather than the request.</summary>
    internal static bool SaysAway(int code) => code is
        3 // UNEXPECTED_END_OF_FILE: the connection broke off inside the body
        or 24 or 74 or 75 or 76 // CANNOT_WRITE_TO_OSTREAM, CANNOT_READ/WRITE_TO_FILE_DESCRIPTOR, CANNOT_OPEN_FILE
        or 159 or 160 or 209 or 210 // TIMEOUT_EXCEEDED, TOO_SLOW, SOCKET_TIMEOUT, NETWORK_ERROR
        or 164 or 242 // READONLY, TABLE_IS_READ_ONLY
        or 202 or 203 or 241 or 243 or 252 // TOO_MANY_SIMULTANEOUS_QUERIES, NO_FREE_CONNECTION, MEMORY_LIMIT_EXCEEDED, NOT_ENOUGH_SPACE, TOO_MANY_PARTS
        or 225 or 254 or 285 or 286 or 319 or 999 // NO_ZOOKEEPER, NO_ACTIVE_REPLICAS, TOO_FEW_LIVE_REPLICAS, UNSATISFIED_QUORUM, UNKNOWN_STATUS_OF_INSERT, KEEPER
        or 236 or 394 or 425 or 439 or 745; // ABORTED, QUERY_WAS_CANCELLED, SYSTEM_ERROR, CANNOT_SCHEDULE_TASK, SERVER_OVERLOADED
}
