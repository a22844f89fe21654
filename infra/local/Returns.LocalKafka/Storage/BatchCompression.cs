using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4.Streams;
using Snappier;
using ZstdSharp;

namespace Returns.LocalKafka.Storage;

/// <summary>The protocol's four codecs, for compaction and timestamp lookups: 1 gzip, 2 snappy, 3 lz4, 4 zstd.</summary>
internal static class BatchCompression
{
    /// <summary>The most a batch may unpack to, in bytes: a guard against one that was made to fill the memory.</summary>
    public const int MaxUnpacked = 512 * 1024 * 1024;

    // The framing snappy-java puts around its blocks, which Kafka's clients use: magic, version 1, compatible with 1.
    private static ReadOnlySpan<byte> XerialHeader => [0x82, (byte)'S', (byte)'N', (byte)'A', (byte)'P', (byte)'P', (byte)'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];

    /// <exception cref="InvalidDataException">The bytes are not of the codec, or unpack to more than <see cref="MaxUnpacked"/>.</exception>
    public static byte[] Decompress(int codec, ReadOnlySpan<byte> packed)
    {
        if (codec == 0) return packed.ToArray();
        try
        {
            if (codec == 2) return Unsnappy(packed);
            using var source = new MemoryStream(packed.ToArray());
            using Stream stream = codec switch
            {
                1 => new GZipStream(source, CompressionMode.Decompress),
                3 => LZ4Stream.Decode(source),
                4 => new DecompressionStream(source),
                _ => throw new InvalidDataException($"compression codec {codec} is not known"),
            };
            using var unpacked = new MemoryStream();
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = stream.Read(buffer)) > 0)
            {
                if (unpacked.Length + read > MaxUnpacked) throw new InvalidDataException($"the batch unpacks to more than {MaxUnpacked} bytes");
                unpacked.Write(buffer, 0, read);
            }

            return unpacked.ToArray();
        }
        catch (Exception e) when (e is not InvalidDataException and not OutOfMemoryException)
        {
            // The codecs signal bad input with exceptions of their own making.
            throw new InvalidDataException($"compressed with codec {codec}: {e.Message}", e);
        }
    }

    public static byte[] Compress(int codec, ReadOnlySpan<byte> plain)
    {
        if (codec == 0) return plain.ToArray();
        using var packed = new MemoryStream();
        switch (codec)
        {
            case 2:
                packed.Write(XerialHeader);
                var block = Snappy.CompressToArray(plain);
                Span<byte> size = stackalloc byte[4];
                BinaryPrimitives.WriteInt32BigEndian(size, block.Length);
                packed.Write(size);
                packed.Write(block);
                return packed.ToArray();
            case 1:
                using (var stream = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) stream.Write(plain);
                return packed.ToArray();
            case 3:
                using (var stream = LZ4Stream.Encode(packed, leaveOpen: true)) stream.Write(plain);
                return packed.ToArray();
            case 4:
                using (var compressor = new Compressor()) return compressor.Wrap(plain).ToArray();
            default:
                throw new InvalidDataException($"compression codec {codec} is not known");
        }
    }

    private static byte[] Unsnappy(ReadOnlySpan<byte> packed)
    {
        if (!packed.StartsWith(XerialHeader[..8])) return Block(packed);
        using var unpacked = new MemoryStream();
        packed = packed[16..];
        while (packed.Length >= 4)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(packed);
            if (size < 0 || size > packed.Length - 4) throw new InvalidDataException($"a snappy block of {size} bytes runs past the batch");
            unpacked.Write(Block(packed.Slice(4, size)));
            if (unpacked.Length > MaxUnpacked) throw new InvalidDataException($"the batch unpacks to more than {MaxUnpacked} bytes");
            packed = packed[(4 + size)..];
        }

        return unpacked.ToArray();
    }

    private static byte[] Block(ReadOnlySpan<byte> block)
    {
        if (Snappy.GetUncompressedLength(block) > MaxUnpacked) throw new InvalidDataException($"the batch unpacks to more than {MaxUnpacked} bytes");
        return Snappy.DecompressToArray(block);
    }
}
