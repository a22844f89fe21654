using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using Returns.Contracts;

namespace Returns.Simulator.Replays;

/// <summary>
/// Reads a file in the layout of the UCI "Online Retail" data set, plain or gzip (told by its content): comma-separated
/// UTF-8 with a header that names the columns, in any order.
/// </summary>
/// <remarks>
/// <para>
/// A record is one physical line, so a quote that is not closed spoils its own line and no other; quoted fields hold
/// commas and doubled quotes, but no line breaks. Blank lines are no data lines. Every data line is either handed on or
/// rejected with a reason: <see cref="Lines"/> is the sum of both.
/// </para>
/// <para>Not thread safe; reads once.</para>
/// </remarks>
public sealed class ReturnFileReader
{
    /// <summary>Longest line that is read; longer ones are rejected without being held. Bytes.</summary>
    public const int MaxLineBytes = 64 * 1024;

    /// <summary>Most units one line may return: what the conveyors can hold in flight, and far over any real line.</summary>
    public const int MaxUnitsPerLine = 10_000_000;

    /// <summary>Highest price of a unit, in the currency's major unit.</summary>
    public const decimal MaxPrice = 1_000_000_000_000m;

    private static readonly string[] Columns =
        ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];

    private static readonly long Earliest = new DateTimeOffset(1970, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private static readonly long Latest = new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private readonly string _file;
    private readonly Stream _input;
    private readonly Stream? _packed;
    private readonly Crc32 _crc = new();
    private long _unpackedBytes;
    private readonly XxHash3 _hash = new();
    private readonly int[] _columns = new int[Columns.Length];
    private readonly List<RejectedLine> _rejected = [];
    private readonly byte[] _unquoted = new byte[MaxLineBytes];
    private Range[] _fields = new Range[16];
    private int _fieldCount;
    private int _headerFields;
    private byte[] _buffer = new byte[4 * MaxLineBytes];
    private int _start;
    private int _end;
    private bool _eof;
    private bool _ended;

    /// <summary>Reads <paramref name="input"/>, which the caller closes.</summary>
    /// <param name="input">The bytes, plain or gzip, from the first one; it must be able to seek.</param>
    /// <param name="file">Name of the file for messages, without its folder.</param>
    /// <exception cref="InvalidDataException">The file is empty, damaged, or its header lacks a column or names one twice.</exception>
    public ReturnFileReader(Stream input, string file)
    {
        _file = file;
        _packed = IsGzip(input) ? input : null;
        _input = _packed is null ? input : new GZipStream(input, CompressionMode.Decompress, leaveOpen: true);
        ReadHeader();
    }

    /// <summary>Data lines so far: accepted and rejected; without the header and blank lines.</summary>
    public long Lines { get; private set; }

    /// <summary>Lines that were rejected so far.</summary>
    public IReadOnlyList<RejectedLine> Rejected => _rejected;

    /// <summary>Line of the file that was read last, from 1.</summary>
    public long LineNumber { get; private set; }

    /// <summary>XxHash3 of the unpacked content read so far: of the whole content once the last line was read.</summary>
    public ulong ContentHash => _hash.GetCurrentHashAsUInt64();

    /// <summary>Goes on to the next accepted line; false at the end of the file.</summary>
    /// <param name="line">The line; its strings have memory of their own.</param>
    /// <exception cref="InvalidDataException">The gzip data is damaged.</exception>
    public bool TryRead(out ReturnLine line)
    {
        while (TryReadLine(out var bytes, out var tooLong))
        {
            if (tooLong)
            {
                Lines++;
                Reject(RejectReason.LineTooLong, default);
                continue;
            }
            if (IsBlank(bytes)) continue;
            Lines++;
            if (Parse(bytes, out line)) return true;
        }
        line = default;
        return false;
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.Trim(" \t"u8).IsEmpty;

    private static bool IsGzip(Stream file)
    {
        Span<byte> magic = stackalloc byte[2];
        var read = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        file.Seek(-read, SeekOrigin.Current);
        return read == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
    }

    private void ReadHeader()
    {
        if (!TryReadLine(out var line, out var tooLong))
            throw new InvalidDataException($"{_file}: the file is empty; its first line must name the columns {string.Join(',', Columns)}");
        if (line.StartsWith("\uFEFF"u8)) line = line[3..];
        if (tooLong || !System.Text.Unicode.Utf8.IsValid(line) || Split(line) is not null)
            throw new InvalidDataException($"{_file}:1: the first line is not a header; it must name the columns {string.Join(',', Columns)}");

        Array.Fill(_columns, -1);
        for (var i = 0; i < _fieldCount; i++)
        {
            var name = Encoding.UTF8.GetString(Field(line, i).Trim(" \t"u8));
            var column = Array.FindIndex(Columns, c => c.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (column < 0) continue;
            if (_columns[column] >= 0) throw new InvalidDataException($"{_file}:1: the header names the column '{Columns[column]}' twice");
            _columns[column] = i;
        }
        var missing = Columns.Where((_, i) => _columns[i] < 0).ToList();
        if (missing.Count > 0)
        {
            var found = Encoding.UTF8.GetString(line.Length > 200 ? line[..200] : line);
            throw new InvalidDataException($"{_file}:1: the header lacks the column{(missing.Count > 1 ? "s" : "")} {string.Join(", ", missing)}; it reads: {found}");
        }
        _headerFields = _fieldCount;
    }

    private bool Parse(ReadOnlySpan<byte> bytes, out ReturnLine line)
    {
        line = default;
        if (bytes.Contains((byte)0)) return Reject(RejectReason.NulByte, default);
        if (!System.Text.Unicode.Utf8.IsValid(bytes)) return Reject(RejectReason.InvalidUtf8, default);
        if (Split(bytes) is { } broken) return Reject(broken, bytes);
        if (_fieldCount != _headerFields)
        {
            var reason = _fieldCount < _headerFields ? RejectReason.MissingColumns : RejectReason.TooManyColumns;
            return Reject(reason, Encoding.UTF8.GetBytes(_fieldCount.ToString(CultureInfo.InvariantCulture)));
        }

        var sku = Column(bytes, 1).Trim(" \t"u8);
        if (sku.IsEmpty || !char.IsAsciiDigit((char)sku[0])) return Reject(RejectReason.NotAProduct, sku);

        var quantity = Column(bytes, 3).Trim(" \t"u8);
        if (!TryNumber(quantity, out var number)) return Reject(RejectReason.BadQuantity, quantity);
        if (number >= 0) return Reject(RejectReason.NotAReturn, quantity);
        if (number != decimal.Truncate(number)) return Reject(RejectReason.FractionalQuantity, quantity);
        if (number < -MaxUnitsPerLine) return Reject(RejectReason.TooManyUnits, quantity);

        var date = Column(bytes, 4).Trim(" \t"u8);
        if (!TryDate(date, out var at)) return Reject(RejectReason.BadDate, date);

        var money = Column(bytes, 5).Trim(" \t"u8);
        if (!TryNumber(money, out var price)) return Reject(RejectReason.BadPrice, money);
        if (price < 0) return Reject(RejectReason.NegativePrice, money);
        if (price > MaxPrice) return Reject(RejectReason.PriceTooHigh, money);

        line = new ReturnLine(LineNumber, at, Utf8.From(sku), Utf8.From(Column(bytes, 2)), (int)-number,
            decimal.Round(price, 4, MidpointRounding.AwayFromZero), Utf8.From(Column(bytes, 7)));
        return true;
    }

    private bool Reject(RejectReason reason, ReadOnlySpan<byte> value)
    {
        // Cut to 160 bytes first: forty characters are never more, and a hostile line is not made a string of.
        var text = Encoding.UTF8.GetString(value.Length > 160 ? value[..160] : value);
        _rejected.Add(new RejectedLine(_file, LineNumber, reason, text.Length > 40 ? text[..40] + "…" : text));
        return false;
    }

    /// <summary>Finds the fields' ranges; the reason where the line cannot be split.</summary>
    private RejectReason? Split(ReadOnlySpan<byte> line)
    {
        _fieldCount = 0;
        for (var i = 0; ;)
        {
            if (_fieldCount == _fields.Length) Array.Resize(ref _fields, _fields.Length * 2);
            int end;
            if (i < line.Length && line[i] == '"')
            {
                for (end = i + 1; ; end++)
                {
                    var next = line[end..].IndexOf((byte)'"');
                    if (next < 0) return RejectReason.UnterminatedQuote;
                    end += next + 1;
                    if (end == line.Length || line[end] != '"') break;
                }
                if (end < line.Length && line[end] != ',') return RejectReason.TextAfterQuote;
            }
            else
            {
                var comma = line[i..].IndexOf((byte)',');
                end = comma < 0 ? line.Length : i + comma;
            }
            _fields[_fieldCount++] = i..end;
            if (end == line.Length) return null;
            i = end + 1;
        }
    }

    private ReadOnlySpan<byte> Column(ReadOnlySpan<byte> line, int column) => Field(line, _columns[column]);

    /// <summary>The field's text; a quoted one is valid until the next call.</summary>
    private ReadOnlySpan<byte> Field(ReadOnlySpan<byte> line, int field)
    {
        var raw = line[_fields[field]];
        if (raw.IsEmpty || raw[0] != '"') return raw;
        raw = raw[1..^1];
        var length = 0;
        for (var i = 0; i < raw.Length; i++)
        {
            _unquoted[length++] = raw[i];
            if (raw[i] == '"') i++;
        }
        return _unquoted.AsSpan(0, length);
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, out decimal number)
    {
        number = 0;
        return text.Length is > 0 and <= 64 && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out number);
    }

    private static bool TryDate(ReadOnlySpan<byte> text, out long at)
    {
        at = 0;
        Span<int> parts = stackalloc int[6];
        var iso = text.Contains((byte)'-');
        var layout = iso ? "-- ::"u8 : "// :"u8;
        for (var i = 0; i <= layout.Length; i++)
        {
            var digits = 0;
            while (digits < text.Length && char.IsAsciiDigit((char)text[digits])) digits++;
            if (digits is 0 or > 4 || !Utf8Parser.TryParse(text[..digits], out parts[i], out _)) return false;
            // ISO parts have fixed widths; the other layout's day, month and hour have one digit or two, its year four.
            var fits = iso ? digits == (i == 0 ? 4 : 2) : i == 2 ? digits == 4 : digits <= 2 && (i < 4 || digits == 2);
            if (!fits) return false;
            text = text[digits..];
            if (i == layout.Length) break;
            if (text.IsEmpty || text[0] != layout[i]) return false;
            text = text[1..];
        }
        if (!text.IsEmpty) return false;
        var (year, month, day, hour, minute, second) = iso
            ? (parts[0], parts[1], parts[2], parts[3], parts[4], parts[5])
            : (parts[2], parts[0], parts[1], parts[3], parts[4], 0);
        if (year < 1970 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
            return false;
        at = new DateTimeOffset(year, month, day, hour, minute, second, TimeSpan.Zero).ToUnixTimeMilliseconds();
        return at >= Earliest && at < Latest;
    }

    /// <summary>The next physical line without its end; valid until the next call. A line that is too long is skipped over.</summary>
    private bool TryReadLine(out ReadOnlySpan<byte> line, out bool tooLong)
    {
        tooLong = false;
        var searched = _start;
        while (true)
        {
            var newline = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (newline >= 0 || _eof)
            {
                var end = newline >= 0 ? searched + newline : _end;
                if (newline < 0 && (_ended || (_start == _end && !tooLong)))
                {
                    line = default;
                    return false;
                }
                line = _buffer.AsSpan(_start, end - _start);
                _start = newline >= 0 ? end + 1 : _end;
                _ended = newline < 0;
                LineNumber++;
                if (line.EndsWith((byte)'\r')) line = line[..^1];
                if (tooLong || line.Length > MaxLineBytes)
                {
                    tooLong = true;
                    line = default;
                }
                return true;
            }

            if (_end - _start > MaxLineBytes + 1)
            {
                tooLong = true;
                _start = _end;
            }
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }
            searched = _end;
            Fill();
        }
    }

    private void Fill()
    {
        int read;
        try
        {
            read = _input.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e.Message, e);
        }
        var bytes = _buffer.AsSpan(_end, read);
        _hash.Append(bytes);
        _end += read;
        _eof = read == 0;
        if (_packed is null) return;
        _crc.Append(bytes);
        _unpackedBytes += read;
        if (_eof) CheckGzipTrailer(_packed);
    }

    // GZipStream ends without a word where a file was cut short, so the trailer is held against what came out. It speaks
    // of the last member alone: where that was not the only one, its part is unpacked again.
    private void CheckGzipTrailer(Stream packed)
    {
        if (packed.Length < 18) throw Damaged("it was cut short", null);
        Span<byte> trailer = stackalloc byte[8];
        packed.Seek(-8, SeekOrigin.End);
        packed.ReadExactly(trailer);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]);
        if (length == (uint)_unpackedBytes && crc == _crc.GetCurrentHashAsUInt32()) return;
        if (length < _unpackedBytes)
        {
            packed.Seek(0, SeekOrigin.Begin);
            using var again = new GZipStream(packed, CompressionMode.Decompress, leaveOpen: true);
            var skip = _unpackedBytes - length;
            var member = new Crc32();
            var chunk = new byte[MaxLineBytes];
            for (int read; (read = again.Read(chunk)) > 0; skip -= read)
            {
                if (skip < read) member.Append(chunk.AsSpan((int)Math.Max(skip, 0), read - (int)Math.Max(skip, 0)));
            }
            if (crc == member.GetCurrentHashAsUInt32()) return;
        }
        throw Damaged("it was cut short, or its checksum is wrong", null);
    }

    private InvalidDataException Damaged(string how, Exception? inner) =>
        new($"{_file}: the gzip data is damaged after line {LineNumber}: {how}; get the file again", inner);
}
