using Returns.LocalKafka.Protocol;

namespace Returns.LocalKafka.Requests;

/// <summary>Turns a disk that refuses a coordinator's write into the error that makes clients try again.</summary>
internal static class StorageFault
{
    public static ErrorCode Guard(Func<ErrorCode> action)
    {
        try
        {
            return action();
        }
        catch (IOException)
        {
            return ErrorCode.CoordinatorNotAvailable;
        }
    }
}
