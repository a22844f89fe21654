using System.Buffers.Binary;

namespace Returns.Chaos.Processes;

/// <summary>The request by which a transaction commits offsets to a group (TxnOffsetCommit), as far as it is to be refused.</summary>
internal static class CommitRequest
{
    private const short ApiKey = 28;

    /// <summary>From this version on it says which member of which generation it is from, and has lengths of one byte.</summary>
    private const short NamesItsGeneration = 3;

    /// <summary>Makes a request, without its length in front, one of another generation of the group, which the broker refuses.</summary>
    /// <returns>False where it is another kind of request, and is left as it is.</returns>
    public static bool TryMakeOutdated(Span<byte> request)
    {
        if (request.Length < 10 || BinaryPrimitives.ReadInt16BigEndian(request) != ApiKey || BinaryPrimitives.ReadInt16BigEndian(request[2..]) < NamesItsGeneration)
        {
            return false;
        }
        // Header: api key, version, correlation id, client id, tags. Then transactional id, group, producer's id and epoch.
        var at = 10 + Math.Max((short)0, BinaryPrimitives.ReadInt16BigEndian(request[8..])) + 1;
        for (var text = 0; text < 2; text++)
        {
            if (request[at] >= 0x80)
            {
                return false;
            }
            at += request[at];
        }
        var generation = request.Slice(at + sizeof(long) + sizeof(short), sizeof(int));
        BinaryPrimitives.WriteInt32BigEndian(generation, BinaryPrimitives.ReadInt32BigEndian(generation) + 1);
        return true;
    }
}
