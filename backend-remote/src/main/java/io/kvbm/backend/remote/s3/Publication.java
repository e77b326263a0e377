package io.kvbm.backend.remote.s3;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.remote.s3.S3Bucket.Entry;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One put on its way: its nonce, its metadata, its condition as the service knows it. */
final class Publication {

  private static final byte[] NO_BYTES = new byte[0];

  private final StoreParts parts;
  private final String key;
  private final String physical;
  private final PutOptions options;
  private final long nonce;
  private final Map<String, String> metadata = new HashMap<>();

  Publication(StoreParts parts, String key, PutOptions options) {
    requireSupported(parts, options);
    this.parts = parts;
    this.key = key;
    this.options = options;
    physical = parts.location().physical(key);
    nonce = parts.nonces().getAsLong();
    metadata.put(S3Bucket.NONCE, Long.toHexString(nonce));
    if (options.timeToLive() != null) {
      parts.location().mark(key); // too long a key is refused before anything happens
      metadata.put(
          S3Bucket.EXPIRES,
          Long.toString(parts.clock().instant().plus(options.timeToLive()).toEpochMilli()));
    }
  }

  static void requireSupported(StoreParts parts, PutOptions options) {
    if (options.condition() != PutOptions.Condition.ALWAYS && !parts.conditional()) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "the service at %s does not keep the conditions of puts; put without one"
              .formatted(parts.settings().place()));
    }
  }

  Map<String, String> metadata() {
    return Map.copyOf(metadata);
  }

  byte[] footer(long byteSize, int[] chunks) {
    return new ObjectFooter(byteSize, nonce, ObjectFooter.checksumOf(key), chunks).encode();
  }

  ObjectStat whole(MemorySegment value) {
    ObjectFooter.Chunks chunks = new ObjectFooter.Chunks();
    chunks.update(value);
    byte[] footer = footer(value.byteSize(), chunks.finish());
    return publish(
        value.byteSize(),
        condition -> parts.upload().put(physical, value, footer, metadata(), condition));
  }

  /**
   * Makes the object visible.
   *
   * @param request takes the service's condition, gives the ETag
   */
  ObjectStat publish(long byteSize, Function<@Nullable String, String> request) {
    return parts.locked(
        key,
        () -> {
          if (options.timeToLive() != null) {
            // Before the object, so that no object with an end lacks its mark.
            parts
                .upload()
                .put(
                    parts.location().mark(key),
                    MemorySegment.ofArray(NO_BYTES),
                    NO_BYTES,
                    Map.of(),
                    null);
          }
          String tag = request.apply(condition());
          return new ObjectStat(key, byteSize, S3Bucket.versionOf(tag));
        });
  }

  /** Looks first, which also serves services that forget conditions at the end of uploads. */
  private @Nullable String condition() {
    if (options.condition() == PutOptions.Condition.ALWAYS) {
      return null;
    }
    Optional<Entry> there = parts.bucket().head(physical);
    boolean alive = there.isPresent() && !there.get().isExpired(parts.clock().instant());
    if (options.condition() == PutOptions.Condition.IF_ABSENT) {
      if (alive) {
        throw refused("is there");
      }
      return there.map(Entry::tag).orElse(ObjectUpload.ABSENT);
    }
    if (!alive || there.get().version() != options.version()) {
      throw refused(
          alive
              ? "has version " + there.get().version() + ", not " + options.version()
              : "is absent");
    }
    return there.get().tag();
  }

  private CallerException refused(String why) {
    return new CallerException(
        ErrorCode.PRECONDITION_FAILED,
        "object '%s' %s; read it again, then decide".formatted(key, why));
  }
}
