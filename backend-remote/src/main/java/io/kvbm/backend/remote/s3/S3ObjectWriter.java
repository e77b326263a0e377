package io.kvbm.backend.remote.s3;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Gate;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.PutOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/**
 * Collects a part and sends it when it is full; an object shorter than a part goes up with one
 * request. What was not committed is ended at the service when the writer is closed.
 */
final class S3ObjectWriter implements ObjectWriter {

  private static final int MAX_PARTS = 10_000;
  private static final byte[] NO_BYTES = new byte[0];

  private final StoreParts parts;
  private final Gate gate;
  private final String key;
  private final String physical;
  private final PutOptions options;
  private final ObjectFooter.Chunks chunks = new ObjectFooter.Chunks();
  private final List<CompletedPart> sent = new ArrayList<>();
  private final long partByteSize;
  private @Nullable Arena arena;
  private MemorySegment part = MemorySegment.NULL;
  private long filled;
  private @Nullable Publication publication;
  private @Nullable String uploadId;
  private boolean ended;

  S3ObjectWriter(StoreParts parts, String key, PutOptions options) {
    this.parts = parts;
    gate = parts.gate();
    this.key = key;
    this.options = options;
    physical = parts.location().physical(key);
    partByteSize = parts.settings().bytes("partSize");
  }

  @Override
  public void write(MemorySegment bytes) {
    gate.inside(
        () -> {
          append(bytes);
          return true;
        });
  }

  void append(MemorySegment bytes) {
    requireOpen();
    chunks.update(bytes);
    long at = 0;
    while (at < bytes.byteSize()) {
      if (filled == partByteSize) {
        send(part, NO_BYTES);
        filled = 0;
      }
      long step = Math.min(bytes.byteSize() - at, partByteSize - filled);
      reserve(filled + step);
      MemorySegment.copy(bytes, at, part, filled, step);
      filled += step;
      at += step;
    }
  }

  /** The buffer doubles up to a part, so that small objects take little. */
  private void reserve(long byteSize) {
    if (byteSize <= part.byteSize()) {
      return;
    }
    Arena next = Arena.ofConfined();
    MemorySegment larger =
        next.allocate(Math.min(partByteSize, Math.max(64 << 10, 2 * byteSize)), 8);
    MemorySegment.copy(part, 0, larger, 0, filled);
    release();
    arena = next;
    part = larger;
  }

  private void release() {
    if (arena != null) {
      arena.close();
      arena = null;
    }
    part = MemorySegment.NULL;
  }

  private void send(MemorySegment bytes, byte[] tail) {
    if (sent.size() == MAX_PARTS) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "object '%s' is longer than %d parts of %d bytes; raise partSize"
              .formatted(key, MAX_PARTS, partByteSize));
    }
    String upload = started();
    sent.add(parts.upload().part(physical, upload, sent.size() + 1, bytes, tail));
  }

  private String started() {
    if (uploadId == null) {
      publication = new Publication(parts, key, options);
      uploadId = parts.upload().start(physical, publication.metadata());
    }
    return uploadId;
  }

  @Override
  public long position() {
    return chunks.position();
  }

  @Override
  public ObjectStat commit() {
    return gate.inside(this::publish);
  }

  ObjectStat publish() {
    requireOpen();
    Publication now = publication == null ? new Publication(parts, key, options) : publication;
    MemorySegment rest = filled == 0 ? MemorySegment.ofArray(NO_BYTES) : part.asSlice(0, filled);
    long byteSize = chunks.position();
    byte[] footer = now.footer(byteSize, chunks.finish());
    ended = true;
    ObjectStat stat;
    if (uploadId == null) {
      stat =
          now.publish(
              byteSize,
              condition -> parts.upload().put(physical, rest, footer, now.metadata(), condition));
    } else {
      send(rest, footer);
      String upload = uploadId;
      stat =
          now.publish(
              byteSize,
              condition ->
                  parts.upload().complete(physical, upload, sent, now.metadata(), condition));
      uploadId = null;
    }
    return stat;
  }

  private void requireOpen() {
    if (ended) {
      throw new CallerException(
          ErrorCode.CLOSED, "writer of object '" + key + "' has ended; start another one");
    }
  }

  @Override
  public void close() {
    ended = true;
    release();
    String unfinished = uploadId;
    uploadId = null;
    if (unfinished != null) {
      try {
        parts.bucket().abort(physical, unfinished);
      } catch (KvbmException e) {
        // The service does not answer; the next collection ends the upload.
      }
    }
  }
}
