package io.kvbm.backend.remote.s3;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.backend.remote.s3.S3Bucket.Entry;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Reads objects; every byte handed out was compared with a checksum of its footer. */
final class ObjectDownload {

  private static final int STEP = 64 << 10;
  private static final int REPLACED_ATTEMPTS = 5;

  private final S3Calls calls;
  private final String bucket;

  ObjectDownload(S3Calls calls, String bucket) {
    this.calls = calls;
    this.bucket = bucket;
  }

  /**
   * A piece of an object.
   *
   * @param entry what it belongs to, with the length of the whole
   * @param read how many bytes of the value lie in the target
   * @param tail what came behind them
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Piece(Entry entry, long read, byte[] tail) {}

  /** Reads a whole value; fails if the target is shorter. */
  Optional<Entry> get(String key, String name, MemorySegment target, Instant now) {
    ObjectFooter.Chunks[] chunks = {new ObjectFooter.Chunks()};
    @Nullable Piece piece =
        request(
            "get of '" + name + "'",
            key,
            null,
            null,
            (response, in) -> {
              Entry entry = entry(key, response);
              long byteSize = ObjectFooter.valueByteSize(entry.byteSize());
              if (byteSize < 0 || byteSize > target.byteSize() || entry.isExpired(now)) {
                return new Piece(entry, 0, new byte[0]);
              }
              chunks[0] = new ObjectFooter.Chunks();
              fill(in, target, byteSize, chunks[0]);
              return new Piece(
                  entry, byteSize, in.readNBytes(Math.toIntExact(entry.byteSize() - byteSize)));
            });
    if (piece == null || piece.entry.isExpired(now)) {
      return Optional.empty();
    }
    long byteSize = ObjectFooter.valueByteSize(piece.entry.byteSize());
    if (byteSize > target.byteSize()) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "object '%s' has %d bytes, the target %d".formatted(name, byteSize, target.byteSize()));
    }
    ObjectFooter footer = footer(name, byteSize, piece.tail);
    compare(name, footer, 0, chunks[0].finish());
    return Optional.of(piece.entry);
  }

  /** Reads a part of a value: the chunks around it and the footer, of one version. */
  Optional<Long> range(String key, String name, long offset, MemorySegment target, Instant now) {
    for (int i = 0; i < REPLACED_ATTEMPTS; i++) {
      @Nullable Piece end =
          request(
              "range of '" + name + "'",
              key,
              "bytes=-" + STEP,
              null,
              (response, in) -> {
                Entry entry = entry(key, response);
                return new Piece(entry, 0, in.readAllBytes());
              });
      if (end == null || end.entry.isExpired(now)) {
        return Optional.empty();
      }
      Optional<Long> read = range(key, name, offset, target, end);
      if (read.isPresent()) {
        return read;
      }
    }
    throw new TransientException(
        ErrorCode.LOCKED,
        "object '%s' was replaced during each of %d reads; try later"
            .formatted(name, REPLACED_ATTEMPTS));
  }

  /** {@return how much was read, or empty if the object was replaced since its end was read} */
  private Optional<Long> range(
      String key, String name, long offset, MemorySegment target, Piece end) {
    long byteSize = ObjectFooter.valueByteSize(end.entry.byteSize());
    if (byteSize >= 0 && (offset < 0 || offset > byteSize)) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "byte %d lies outside object '%s' of %d bytes".formatted(offset, name, byteSize));
    }
    long count = Math.min(target.byteSize(), Math.max(0, byteSize - offset));
    long footerByteSize = byteSize < 0 ? 0 : ObjectFooter.byteSizeFor(byteSize);
    long chunk = ObjectFooter.CHUNK_BYTE_SIZE;
    long first = offset / chunk;
    long start = first * chunk;
    long stop = Math.min(byteSize, Math.ceilDiv(offset + count, chunk) * chunk);
    byte[] tail = end.tail;
    long tailAt = end.entry.byteSize() - tail.length;
    byte @Nullable [] footerBytes =
        tail.length >= footerByteSize
            ? Arrays.copyOfRange(tail, (int) (tail.length - footerByteSize), tail.length)
            : bytes(key, byteSize, end.entry.byteSize(), end.entry.tag());
    if (footerBytes == null) {
      return Optional.empty();
    }
    ObjectFooter footer = footer(name, byteSize, footerBytes);
    if (count == 0) {
      return Optional.of(0L);
    }
    // Chunk by chunk, so that a long range takes no more memory than a chunk.
    if (start >= tailAt) {
      MemorySegment there = MemorySegment.ofArray(tail).asSlice(start - tailAt, stop - start);
      ObjectFooter.Chunks sums = new ObjectFooter.Chunks();
      sums.update(there);
      compare(name, footer, (int) first, sums.finish());
      MemorySegment.copy(there, offset - start, target, 0, count);
      return Optional.of(count);
    }
    ObjectFooter.Chunks[] sums = {new ObjectFooter.Chunks()};
    @Nullable Piece piece =
        request(
            "range of '" + name + "'",
            key,
            "bytes=%d-%d".formatted(start, stop - 1),
            end.entry.tag(),
            (response, in) -> {
              sums[0] = new ObjectFooter.Chunks();
              skim(in, offset - start, sums[0]);
              fill(in, target, count, sums[0]);
              skim(in, stop - offset - count, sums[0]);
              return new Piece(entry(key, response), count, new byte[0]);
            });
    if (piece == null || !piece.entry.tag().equals(end.entry.tag())) {
      return Optional.empty();
    }
    compare(name, footer, (int) first, sums[0].finish());
    return Optional.of(count);
  }

  private byte @Nullable [] bytes(String key, long from, long to, String tag) {
    @Nullable Piece piece =
        request(
            "range of '" + key + "'",
            key,
            "bytes=%d-%d".formatted(from, to - 1),
            tag,
            (response, in) -> new Piece(entry(key, response), 0, in.readAllBytes()));
    return piece == null || !piece.entry.tag().equals(tag) ? null : piece.tail;
  }

  private @Nullable Piece request(
      String what,
      String key,
      @Nullable String range,
      @Nullable String tag,
      ResponseTransformer<GetObjectResponse, Piece> reader) {
    return calls.<@Nullable Piece>call(
        what,
        (client, limits) -> {
          try {
            return client.getObject(
                r ->
                    r.bucket(bucket)
                        .key(key)
                        .range(range)
                        .ifMatch(tag == null ? null : "\"" + tag + "\"")
                        .overrideConfiguration(limits),
                reader);
          } catch (S3Exception e) {
            boolean gone =
                e.statusCode() == 404 && !"NoSuchBucket".equals(e.awsErrorDetails().errorCode());
            boolean replaced = tag != null && (e.statusCode() == 412 || e.statusCode() == 416);
            if (gone || replaced) {
              return null;
            }
            if (range != null && e.statusCode() == 416) {
              throw corrupt(key, "it has no byte, and kvbm writes none of those");
            }
            throw e;
          }
        });
  }

  private static Entry entry(String key, GetObjectResponse response) {
    String range = response.contentRange();
    long byteSize =
        range == null || range.indexOf('/') < 0
            ? S3Bucket.present(response.contentLength())
            : Long.parseLong(range.substring(range.indexOf('/') + 1));
    return new Entry(
        key,
        S3Bucket.whole(response.eTag()),
        byteSize,
        S3Bucket.present(response.lastModified()),
        response.metadata());
  }

  private static void fill(
      InputStream in, MemorySegment target, long byteSize, ObjectFooter.Chunks chunks)
      throws IOException {
    byte[] step = new byte[(int) Math.min(STEP, Math.max(1, byteSize))];
    for (long at = 0; at < byteSize; ) {
      int count = in.read(step, 0, (int) Math.min(step.length, byteSize - at));
      if (count < 0) {
        throw new EOFException("the body ended %d bytes early".formatted(byteSize - at));
      }
      MemorySegment.copy(step, 0, target, ValueLayout.JAVA_BYTE, at, count);
      chunks.update(target.asSlice(at, count)); // what the caller gets, so the copy is covered too
      at += count;
    }
  }

  private static void skim(InputStream in, long byteSize, ObjectFooter.Chunks chunks)
      throws IOException {
    if (byteSize > 0) {
      MemorySegment passed = MemorySegment.ofArray(new byte[Math.toIntExact(byteSize)]);
      fill(in, passed, byteSize, chunks);
    }
  }

  private static ObjectFooter footer(String name, long byteSize, byte[] bytes) {
    ObjectFooter footer =
        ObjectFooter.decode(bytes)
            .orElseThrow(() -> corrupt(name, "its footer is damaged, or kvbm did not write it"));
    if (footer.byteSize() != byteSize) {
      throw corrupt(name, "it is said to have %d bytes".formatted(footer.byteSize()));
    }
    if (footer.keyChecksum() != ObjectFooter.checksumOf(name)) {
      throw corrupt(name, "it was put under another key");
    }
    return footer;
  }

  private static void compare(String name, ObjectFooter footer, int first, int[] found) {
    for (int i = 0; i < found.length; i++) {
      if (found[i] != footer.chunks()[first + i]) {
        throw corrupt(
            name,
            "CRC32C of chunk %d is %08x, expected %08x"
                .formatted(first + i, found[i], footer.chunks()[first + i]));
      }
    }
  }

  private static CorruptionException corrupt(String name, String why) {
    return new CorruptionException(
        ErrorCode.CORRUPT, "object '%s' is damaged: %s; put it again".formatted(name, why));
  }
}
