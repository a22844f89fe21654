namespace Returns.Simulator.Conveyors;

/// <summary>
/// A stream of random draws. The same seed and stream give the same draws on every machine and runtime: integer
/// arithmetic and exact floating point only, no functions of a mathematics library.
/// </summary>
internal struct Draws
{
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    private ulong _state;

    /// <summary>Stream number <paramref name="stream"/> of <paramref name="seed"/>; streams are independent of each other.</summary>
    public Draws(ulong seed, long stream) => _state = Mix(seed + Golden) ^ Mix((ulong)stream * Golden);

    /// <summary>64 random bits (SplitMix64).</summary>
    public ulong Next() => Mix(_state += Golden);

    /// <summary>From 0 to below <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>From <paramref name="from"/> to <paramref name="to"/>, both included.</summary>
    public int Between(int from, int to) => from + Below(to - from + 1);

    /// <summary>True in so many of a million cases.</summary>
    public bool Chance(int perMillion) => Below(1_000_000) < perMillion;

    /// <summary>From 0 to below 1.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Exponentially distributed with mean 1, by von Neumann's comparison of uniform draws, which needs no logarithm.</summary>
    public double Exponential()
    {
        for (var whole = 0; ; whole++)
        {
            var first = Unit();
            var run = 1;
            for (double last = first, next; (next = Unit()) < last; last = next) run++;
            if (run % 2 == 1) return whole + first;
        }
    }

    /// <summary>Mixes the bits of a number (the finaliser of SplitMix64).</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
