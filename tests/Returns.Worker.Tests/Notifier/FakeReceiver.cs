using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Returns.Worker.Tests.Notifier;

/// <summary>An HTTP server that keeps what is posted, and answers as it is told.</summary>
internal sealed class FakeReceiver : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly HttpListener _listener = new();
    private readonly Task _serving;

    public FakeReceiver()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Url = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
        }
        _listener.Prefixes.Add(Url.AbsoluteUri);
        _listener.Start();
        _serving = Task.Run(ServeAsync);
    }

    public Uri Url { get; }

    /// <summary>What the next posts are answered with; 200 when there is nothing left.</summary>
    public ConcurrentQueue<int> Answers { get; } = new();

    public ConcurrentQueue<Post> Posts { get; } = new();

    public sealed record Post(string Path, string? Delivery, string? Signature, byte[] Body, int Answered);

    /// <summary>Waits for as many posts that were taken, and returns these.</summary>
    public async Task<IReadOnlyList<Post>> TakenAsync(int count)
    {
        var until = DateTimeOffset.UtcNow + Bound;
        while (true)
        {
            var taken = Posts.Where(p => p.Answered == 200).ToList();
            if (taken.Count >= count)
            {
                return taken;
            }
            Assert.True(DateTimeOffset.UtcNow < until, $"{taken.Count} of {count} posts within {Bound}");
            await Task.Delay(20);
        }
    }

    public void Dispose()
    {
        _listener.Close();
        _serving.Wait(Bound);
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            context.Response.StatusCode = Answers.TryDequeue(out var answer) ? answer : 200;
            Posts.Enqueue(new Post(context.Request.Url!.AbsolutePath, context.Request.Headers["Returns-Delivery"], context.Request.Headers["Returns-Signature"], body.ToArray(), context.Response.StatusCode));
            context.Response.Close();
        }
    }
}
