using System.Net;
using System.Net.Sockets;

namespace Returns.Cli.Up;

/// <summary>Chooses loopback ports: the customary one where it is free, so that addresses stay the same between runs.</summary>
internal static class Ports
{
    /// <summary>Returns <paramref name="preferred"/> if nothing listens there, else a free port.</summary>
    public static int Choose(int preferred)
    {
        try
        {
            return Bind(preferred);
        }
        catch (SocketException)
        {
            return Bind(0);
        }
    }

    private static int Bind(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
