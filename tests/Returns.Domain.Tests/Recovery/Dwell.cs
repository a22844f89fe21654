using Returns.Contracts;
using Returns.Domain.Recovery;
using Returns.Domain.Tests.Models;

namespace Returns.Domain.Tests.Recovery;

public sealed class Dwell
{
    [Fact]
    public void Buckets_follow_each_other_without_a_gap_and_a_time_is_near_the_middle_of_its_own()
    {
        Cases.Each(2_000, random =>
        {
            var millis = random.NextInt64(1L << random.Next(1, 62));
            var bucket = DwellSketch.BucketOf(millis);
            Assert.InRange(Math.Abs(DwellSketch.MiddleOf(bucket) - millis), 0, millis * DwellSketch.RelativeError);
            Assert.Equal(bucket, DwellSketch.BucketOf(DwellSketch.MiddleOf(bucket)));
            Assert.InRange(DwellSketch.BucketOf(millis + 1) - bucket, 0, 1);
        });
        Assert.Equal(0, DwellSketch.BucketOf(-5));
        Assert.InRange(DwellSketch.MiddleOf(DwellSketch.BucketOf(long.MaxValue)), long.MaxValue / 129 * 128, long.MaxValue);
    }

    [Fact]
    public void Quantiles_are_those_of_the_sorted_times_within_the_stated_error() => Cases.Each(200, random =>
    {
        var times = Times(random);
        var sketch = new DwellSketch();
        foreach (var time in times) sketch.Add(time);
        Array.Sort(times);
        foreach (var share in new[] { 0.0, 0.1, 0.5, 0.9, 0.99, 1.0 })
        {
            var exact = times[Math.Max(1, (int)Math.Ceiling(share * times.Length)) - 1];
            Assert.InRange(Math.Abs(sketch.Quantile(share)!.Value - exact), 0, exact * DwellSketch.RelativeError);
        }
    });

    [Fact]
    public void A_sketch_of_parts_in_any_order_is_the_sketch_of_all_and_what_was_added_can_be_taken_out() => Cases.Each(200, random =>
    {
        var times = Times(random);
        var all = new DwellSketch();
        foreach (var time in times) all.Add(time);
        random.Shuffle(times);
        DwellSketch[] parts = [new(), new(), new()];
        foreach (var time in times) random.Any(parts).Add(time);
        var merged = new DwellSketch();
        foreach (var extra in times) merged.Add(extra, 2);
        random.Shuffle(parts);
        foreach (var part in parts)
        {
            var written = new SketchCounts();
            part.Fill(written);
            if (random.OneIn(2)) merged.Add(part);
            else merged.Add(written);
        }
        random.Shuffle(times);
        foreach (var extra in times) merged.Add(extra, -2);
        Assert.Equal(Counts(all), Counts(merged));
        Assert.Equal(all.Count, merged.Count);
    });

    [Fact]
    public void An_empty_sketch_has_no_quantile()
    {
        var sketch = new DwellSketch();
        Assert.Null(sketch.Quantile(0.5));
        sketch.Add(7);
        sketch.Add(7, -1);
        Assert.Null(sketch.Quantile(0.5));
        Assert.Empty(Counts(sketch));
    }

    private static long[] Times(Random random)
    {
        var times = new long[random.Next(1, 400)];
        for (var i = 0; i < times.Length; i++) times[i] = random.NextInt64(1L << random.Next(1, 40));
        return times;
    }

    private static (int, long)[] Counts(DwellSketch sketch)
    {
        var written = new SketchCounts();
        sketch.Fill(written);
        return [.. written.Buckets.Zip(written.Counts)];
    }
}
