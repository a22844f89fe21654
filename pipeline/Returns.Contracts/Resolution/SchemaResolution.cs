using Returns.Contracts.Avro;

namespace Returns.Contracts.Resolution;

/// <summary>How records of one schema are read as another's, by the schema resolution rules of the Avro specification.</summary>
/// <remarks>
/// <para>Resolving rewrites the writer's bytes into the reader's, which the generated decoder then reads: fields are put
/// in the reader's order, the writer's own left out, the reader's own filled with their defaults, numbers promoted, enum
/// symbols and union branches renumbered. What is the same in both schemas is copied as it is.</para>
/// <para>Stricter than the specification on logical types: where both schemas name one, it must be the same, and a decimal
/// must have the same scale in both. Money would otherwise change its value in silence.</para>
/// <para>Immutable, and safe across threads.</para>
/// </remarks>
public sealed class SchemaResolution
{
    private readonly Step _root;

    private SchemaResolution(Step root, IReadOnlyList<string> problems) => (_root, Problems) = (root, problems);

    /// <summary>What of the writer's schema the reader cannot read, with the field; empty when it reads every record.</summary>
    /// <remarks>With problems, the records that do not meet one are still read: those without the unknown symbol, say.</remarks>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Whether the writer's bytes are the reader's bytes.</summary>
    public bool IsIdentity => _root is CopyStep;

    /// <summary>Resolves <paramref name="writer"/> to <paramref name="reader"/>.</summary>
    /// <exception cref="FormatException">A default of the reader's schema does not fit its type.</exception>
    public static SchemaResolution Create(AvroSchema writer, AvroSchema reader)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(reader);
        var problems = new List<string>();
        var root = new Resolver(problems).Resolve(writer, reader, reader.Name);
        return new SchemaResolution(root, problems);
    }

    /// <summary>Rewrites <paramref name="body"/> into <paramref name="buffer"/>, which is replaced when it is too small.</summary>
    /// <returns>False when the bytes are not the writer's, or meet one of <see cref="Problems"/>. True promises only that the
    /// result has the reader's shape: its values are checked when they are decoded.</returns>
    public bool TryTranscode(ReadOnlySpan<byte> body, ref byte[] buffer, out int length, out DecodeError error)
    {
        var transcoder = new Transcoder(body, buffer);
        _root.Run(ref transcoder);
        if (transcoder.Ok && !transcoder.AtEnd)
        {
            transcoder.Fail(DecodeErrorClass.TrailingBytes, null);
        }
        buffer = transcoder.Output;
        length = transcoder.Written;
        error = transcoder.Error;
        return transcoder.Ok;
    }

    private sealed class Resolver(List<string> problems)
    {
        /// <summary>Every pair of records met, so that one inside itself ends, and one used often is resolved once.</summary>
        private readonly Dictionary<(AvroSchema, AvroSchema), LaterStep> _records = [];

        public Step Resolve(AvroSchema writer, AvroSchema reader, string where)
        {
            if (writer.Kind == AvroKind.Union)
            {
                return FromUnion(writer, reader, where);
            }
            if (reader.Kind == AvroKind.Union)
            {
                return IntoUnion(writer, reader, where);
            }
            if (!Matches(writer, reader))
            {
                return Problem($"{where}: written as {writer}, which is not read as {reader}");
            }
            if (LogicalProblem(writer, reader) is { } problem)
            {
                return Problem($"{where}: {problem}");
            }
            switch (reader.Kind)
            {
                case AvroKind.Record:
                    return Record(writer, reader, where);
                case AvroKind.Enum:
                    return Symbol(writer, reader, where);
                case AvroKind.Array or AvroKind.Map:
                    var item = Resolve(writer.Parts[0], reader.Parts[0], $"{where}[]");
                    return item is CopyStep ? new CopyStep(writer) : new BlocksStep(writer.Kind == AvroKind.Map, item);
                case AvroKind.Long when writer.Kind == AvroKind.Int:
                    return new IntToLongStep();
                case AvroKind.Float when writer.Kind is AvroKind.Int or AvroKind.Long:
                    return new IntegerToFloatStep();
                case AvroKind.Double when writer.Kind is AvroKind.Int or AvroKind.Long:
                    return new IntegerToDoubleStep();
                case AvroKind.Double when writer.Kind == AvroKind.Float:
                    return new FloatToDoubleStep();
                default:
                    // Bytes are written as the same string is.
                    return new CopyStep(writer);
            }
        }

        private FailStep Problem(string what)
        {
            problems.Add(what);
            return new FailStep(what);
        }

        private static bool Matches(AvroSchema writer, AvroSchema reader) => (writer.Kind, reader.Kind) switch
        {
            (AvroKind.Int, AvroKind.Long or AvroKind.Float or AvroKind.Double) => true,
            (AvroKind.Long, AvroKind.Float or AvroKind.Double) => true,
            (AvroKind.Float, AvroKind.Double) => true,
            (AvroKind.String, AvroKind.Bytes) or (AvroKind.Bytes, AvroKind.String) => true,
            (AvroKind.Fixed, AvroKind.Fixed) => SameName(writer, reader) && writer.Size == reader.Size,
            (AvroKind.Record, AvroKind.Record) or (AvroKind.Enum, AvroKind.Enum) => SameName(writer, reader),
            var (w, r) => w == r,
        };

        private static bool SameName(AvroSchema writer, AvroSchema reader) =>
            writer.Name == reader.Name || reader.Aliases.Contains(writer.FullName, StringComparer.Ordinal);

        private static string? LogicalProblem(AvroSchema writer, AvroSchema reader)
        {
            if (reader.LogicalType == "decimal" && (writer.LogicalType != "decimal" || writer.Scale != reader.Scale))
            {
                var was = writer.LogicalType == "decimal" ? $"with a scale of {writer.Scale}" : "without being a decimal";
                return $"written {was}, which is not read as a decimal with a scale of {reader.Scale}";
            }
            return writer.LogicalType is { } w && reader.LogicalType is { } r && w != r
                ? $"written as {w}, which is not read as {r}"
                : null;
        }

        private Step FromUnion(AvroSchema writer, AvroSchema reader, string where)
        {
            var branches = writer.Parts.Select(branch => Resolve(branch, reader, where)).ToArray();
            var same = reader.Kind == AvroKind.Union && reader.Parts.Count == branches.Length
                && branches.Select((step, i) => step is BranchStep { Value: CopyStep } into && into.Branch == i).All(kept => kept);
            return same ? new CopyStep(writer) : new FromUnionStep(branches, where);
        }

        /// <summary>The branch of the writer's own kind and name, or else the first that can read it by promotion.</summary>
        private Step IntoUnion(AvroSchema writer, AvroSchema reader, string where)
        {
            for (var exact = 1; exact >= 0; exact--)
            {
                for (var i = 0; i < reader.Parts.Count; i++)
                {
                    var branch = reader.Parts[i];
                    if (Matches(writer, branch) && (exact == 0 || writer.Kind == branch.Kind))
                    {
                        return Resolve(writer, branch, where) is var step && step is FailStep ? step : new BranchStep(i, step);
                    }
                }
            }
            return Problem($"{where}: written as {writer}, which no branch of the reader's union reads");
        }

        private Step Symbol(AvroSchema writer, AvroSchema reader, string where)
        {
            var known = reader.Symbols.ToList();
            var map = writer.Symbols.Select(symbol => known.IndexOf(symbol)).ToArray();
            for (var i = 0; i < map.Length; i++)
            {
                if (map[i] < 0 && reader.DefaultSymbol is { } fallback)
                {
                    map[i] = known.IndexOf(fallback);
                }
                else if (map[i] < 0)
                {
                    problems.Add($"{where}: symbol '{writer.Symbols[i]}' is unknown to the reader's {reader}, which has no default");
                }
            }
            return map.SequenceEqual(Enumerable.Range(0, known.Count)) ? new CopyStep(writer) : new EnumStep([.. writer.Symbols], map, where);
        }

        private Step Record(AvroSchema writer, AvroSchema reader, string where)
        {
            if (_records.TryGetValue((writer, reader), out var later))
            {
                return later.Step ?? later;
            }
            later = new LaterStep();
            _records.Add((writer, reader), later);
            var sources = reader.Fields.Select(field => Source(writer, field)).ToArray();
            var parts = new (int Source, Step Step)[sources.Length];
            for (var i = 0; i < parts.Length; i++)
            {
                var field = reader.Fields[i];
                var path = $"{where}.{field.Name}";
                parts[i] = (sources[i], sources[i] >= 0 ? Resolve(writer.Fields[sources[i]].Type, field.Type, path)
                    : field.Default is { } value ? new DefaultStep(DefaultValue.Encode(field.Type, value, path))
                    : Problem($"{path}: not in the writer's schema, and without a default"));
            }
            var same = writer.Fields.Count == parts.Length && parts.Select((p, i) => p.Source == i && p.Step is CopyStep).All(kept => kept);
            Step step = same ? new CopyStep(writer) : new RecordStep([.. writer.Fields.Select(f => f.Type)], parts);
            later.Step = step;
            return step;
        }

        private static int Source(AvroSchema writer, AvroField field)
        {
            var names = writer.Fields.Select(f => f.Name).ToList();
            var source = names.IndexOf(field.Name);
            return source >= 0 ? source : field.Aliases.Select(alias => names.IndexOf(alias)).FirstOrDefault(i => i >= 0, -1);
        }
    }
}
