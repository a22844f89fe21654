using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Returns.Streams.Tests.Kafka;

/// <summary>Keeps what was logged, from information on.</summary>
internal sealed class CollectedLog : ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    public IEnumerable<string> Warnings => _lines.Where(l => l.Level >= LogLevel.Warning).Select(l => l.Text);

    public IReadOnlyList<string> Lines => [.. _lines.Select(l => l.Text)];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _lines.Enqueue((logLevel, formatter(state, exception)));
        }
    }

    public override string ToString() => string.Join('\n', _lines);
}
