namespace Returns.ClickHouse.Sink;

/// <summary>The moments between the steps of a range, where a crash must do no harm. Tests stop the sink at each.</summary>
internal enum SinkStep
{
    /// <summary>The ranges gathered, nothing is committed.</summary>
    BeforeMark,

    /// <summary>The ranges are pending, nothing is inserted.</summary>
    Marked,

    /// <summary>One insert has succeeded, others of the round may not have.</summary>
    Inserted,

    /// <summary>The whole round has landed and is not passed.</summary>
    Landed,

    /// <summary>The round is passed.</summary>
    Passed,
}
