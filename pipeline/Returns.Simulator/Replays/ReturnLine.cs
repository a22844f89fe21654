using Returns.Contracts;

namespace Returns.Simulator.Replays;

/// <summary>One accepted line of a returns file.</summary>
/// <param name="Line">Line in the file, from 1; the header counts.</param>
/// <param name="At">When, milliseconds since the epoch; the file names no zone, so its times are taken as UTC.</param>
/// <param name="Sku">Stock code as recorded, less surrounding blanks.</param>
/// <param name="Description">Description as recorded.</param>
/// <param name="Units">Returned units, at least 1.</param>
/// <param name="Price">Price of a unit, rounded to four decimals, half away from zero.</param>
/// <param name="Country">Country as recorded.</param>
public readonly record struct ReturnLine(long Line, long At, Utf8 Sku, Utf8 Description, int Units, decimal Price, Utf8 Country);
