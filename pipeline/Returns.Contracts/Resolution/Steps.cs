using Returns.Contracts.Avro;

namespace Returns.Contracts.Resolution;

/// <summary>Rewrites one value of the writer's schema into one of the reader's.</summary>
internal abstract class Step
{
    public abstract void Run(ref Transcoder t);
}

/// <summary>The bytes are the same in both schemas.</summary>
internal sealed class CopyStep(AvroSchema writer) : Step
{
    public override void Run(ref Transcoder t)
    {
        var start = t.Position;
        t.Skip(writer);
        t.CopyFrom(start);
    }
}

/// <summary>A value that the reader cannot read.</summary>
internal sealed class FailStep(string problem) : Step
{
    public override void Run(ref Transcoder t) => t.Fail(DecodeErrorClass.Incompatible, problem);
}

/// <summary>A field that the writer does not have.</summary>
internal sealed class DefaultStep(byte[] value) : Step
{
    public override void Run(ref Transcoder t) => t.Write(value);
}

/// <summary>The same bytes, but not more of them than an int has.</summary>
internal sealed class IntToLongStep : Step
{
    public override void Run(ref Transcoder t)
    {
        var value = t.ReadLong();
        if (value != (int)value)
        {
            t.Fail(DecodeErrorClass.BadNumber, null);
        }
        t.WriteLong(value);
    }
}

internal sealed class IntegerToFloatStep : Step
{
    public override void Run(ref Transcoder t) => t.WriteFloat(t.ReadLong());
}

internal sealed class IntegerToDoubleStep : Step
{
    public override void Run(ref Transcoder t) => t.WriteDouble(t.ReadLong());
}

internal sealed class FloatToDoubleStep : Step
{
    public override void Run(ref Transcoder t) => t.WriteDouble(t.ReadFloat());
}

/// <summary>Renumbers a symbol.</summary>
internal sealed class EnumStep(string[] symbols, int[] map, string where) : Step
{
    public override void Run(ref Transcoder t)
    {
        var index = t.ReadIndex(map.Length, where);
        if (!t.Ok)
        {
            return;
        }
        if (map[index] >= 0)
        {
            t.WriteLong(map[index]);
        }
        else
        {
            t.Fail(DecodeErrorClass.Incompatible, $"{where}: symbol '{symbols[index]}' is unknown to the reader");
        }
    }
}

/// <summary>Puts a value into a branch of the reader's union.</summary>
internal sealed class BranchStep(int branch, Step value) : Step
{
    public int Branch => branch;

    public Step Value => value;

    public override void Run(ref Transcoder t)
    {
        t.WriteLong(branch);
        value.Run(ref t);
    }
}

/// <summary>Takes a value out of the writer's union.</summary>
internal sealed class FromUnionStep(Step[] branches, string where) : Step
{
    public override void Run(ref Transcoder t)
    {
        var index = t.ReadIndex(branches.Length, where);
        if (t.Ok)
        {
            branches[index].Run(ref t);
        }
    }
}

/// <summary>The blocks of an array, or of a map, whose keys are kept.</summary>
internal sealed class BlocksStep(bool isMap, Step item) : Step
{
    public override void Run(ref Transcoder t)
    {
        var least = isMap ? 1 : 0;
        long block;
        for (block = t.ReadBlockCount(least); block > 0; block = t.ReadBlockCount(least))
        {
            t.WriteLong(block);
            for (; block > 0 && t.Ok; block--)
            {
                if (isMap)
                {
                    var start = t.Position;
                    t.SkipBytes();
                    t.CopyFrom(start);
                }
                item.Run(ref t);
            }
        }
        t.WriteLong(0);
    }
}

/// <summary>The reader's fields, each from the writer's field of its name, or from its default where the source is -1.</summary>
internal sealed class RecordStep : Step
{
    private const int FieldsOnStack = 128;
    private readonly AvroSchema[] _writer;
    private readonly (int Source, Step Step)[] _parts;
    private readonly bool _inOrder;

    public RecordStep(AvroSchema[] writer, (int Source, Step Step)[] parts)
    {
        (_writer, _parts) = (writer, parts);
        var sources = parts.Select(p => p.Source).Where(s => s >= 0).ToArray();
        _inOrder = sources.Zip(sources.Skip(1)).All(pair => pair.First < pair.Second);
    }

    public override void Run(ref Transcoder t)
    {
        if (!t.Enter())
        {
            return;
        }
        if (_inOrder)
        {
            InOrder(ref t);
        }
        else
        {
            OutOfOrder(ref t);
        }
        t.Leave();
    }

    private void InOrder(ref Transcoder t)
    {
        var next = 0;
        foreach (var (source, step) in _parts)
        {
            for (; next < source && t.Ok; next++)
            {
                t.Skip(_writer[next]);
            }
            if (!t.Ok)
            {
                return;
            }
            step.Run(ref t);
            next = source >= 0 ? source + 1 : next;
        }
        for (; next < _writer.Length && t.Ok; next++)
        {
            t.Skip(_writer[next]);
        }
    }

    /// <summary>Finds where each of the writer's fields begins, then goes to them in the reader's order.</summary>
    private void OutOfOrder(ref Transcoder t)
    {
        Span<int> starts = _writer.Length <= FieldsOnStack ? stackalloc int[FieldsOnStack] : new int[_writer.Length];
        for (var i = 0; i < _writer.Length && t.Ok; i++)
        {
            starts[i] = t.Position;
            t.Skip(_writer[i]);
        }
        var end = t.Position;
        foreach (var (source, step) in _parts)
        {
            if (source >= 0)
            {
                t.Return(starts[source]);
            }
            if (!t.Ok)
            {
                return;
            }
            step.Run(ref t);
        }
        t.Return(end);
    }
}

/// <summary>A record inside itself: its step is known only when the outer one is complete.</summary>
internal sealed class LaterStep : Step
{
    public Step? Step { get; set; }

    public override void Run(ref Transcoder t) => Step!.Run(ref t);
}
