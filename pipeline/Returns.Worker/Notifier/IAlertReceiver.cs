using Returns.Contracts;

namespace Returns.Worker.Notifier;

/// <summary>Somewhere alerts go. Used by one thread.</summary>
internal interface IAlertReceiver
{
    /// <summary>Its name: part of its consumer group, by which it keeps its own place in the topic.</summary>
    string Name { get; }

    /// <summary>How often it wants to hear again of alerts that are still raised; null where once is enough.</summary>
    TimeSpan? RefreshEvery { get; }

    /// <summary>Delivers what became of an alert.</summary>
    /// <param name="alert">The alert.</param>
    /// <param name="at">When the record was written, by the broker's clock: event time may be years ago, in a replay.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="HttpRequestException">It was not taken; it is worth trying again.</exception>
    /// <exception cref="AlertRefusedException">It will not be taken, however often it is tried.</exception>
    Task DeliverAsync(VendorAlert alert, DateTimeOffset at, CancellationToken cancel);
}

/// <summary>A receiver does not take an alert, and would not take it another time.</summary>
internal sealed class AlertRefusedException(string message) : Exception(message);
