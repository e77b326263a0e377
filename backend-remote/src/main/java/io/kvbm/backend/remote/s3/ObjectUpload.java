package io.kvbm.backend.remote.s3;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Uploads: whole, or part by part. A condition is that of the service: {@code ifMatch} an ETag,
 * {@code ifMatch} {@link #ABSENT} that there is nothing, null none.
 */
final class ObjectUpload {

  static final String ABSENT = "*";

  private final S3Calls calls;
  private final S3Bucket bucket;
  private final String bucketName;
  private final boolean checksums;

  ObjectUpload(S3Calls calls, S3Bucket bucket, String bucketName, boolean checksums) {
    this.calls = calls;
    this.bucket = bucket;
    this.bucketName = bucketName;
    this.checksums = checksums;
  }

  /**
   * Puts an object with one request.
   *
   * @return its ETag
   */
  String put(
      String key,
      MemorySegment value,
      byte[] footer,
      Map<String, String> metadata,
      @Nullable String condition) {
    @Nullable String crc = checksums ? crc(value, footer) : null;
    return calls.callCounted(
        "put of '" + key + "'",
        (client, limits, attempt) -> {
          try {
            var put =
                client.putObject(
                    r -> {
                      r.bucket(bucketName)
                          .key(key)
                          .metadata(metadata)
                          .checksumCRC32C(crc)
                          .overrideConfiguration(limits);
                      if (condition != null) {
                        r.ifNoneMatch(condition.equals(ABSENT) ? ABSENT : null);
                        r.ifMatch(condition.equals(ABSENT) ? null : "\"" + condition + "\"");
                      }
                    },
                    SegmentBody.of(value, footer));
            return S3Bucket.whole(put.eTag());
          } catch (S3Exception e) {
            return ownAfterAll(key, metadata, condition, attempt, e);
          }
        });
  }

  /** A repeated request finds its own first one done: its condition fails because of itself. */
  private String ownAfterAll(
      String key,
      Map<String, String> metadata,
      @Nullable String condition,
      int attempt,
      S3Exception e) {
    int status = e.statusCode();
    if (condition != null && (status == 412 || status == 404) || status == 404 && attempt > 1) {
      String own = metadata.getOrDefault(S3Bucket.NONCE, "");
      if (attempt > 1) {
        var found = bucket.head(key);
        if (found.isPresent()
            && own.equals(found.get().metadata().getOrDefault(S3Bucket.NONCE, ""))) {
          return found.get().tag();
        }
      }
      if (condition != null) {
        throw new CallerException(
            ErrorCode.PRECONDITION_FAILED,
            "object '%s' is not what the put's condition says; read it again".formatted(key),
            e);
      }
    }
    throw e;
  }

  String start(String key, Map<String, String> metadata) {
    return calls.call(
        "start of an upload of '" + key + "'",
        (client, limits) ->
            client
                .createMultipartUpload(
                    r ->
                        r.bucket(bucketName)
                            .key(key)
                            .metadata(metadata)
                            .overrideConfiguration(limits))
                .uploadId());
  }

  CompletedPart part(String key, String uploadId, int number, MemorySegment bytes, byte[] tail) {
    @Nullable String crc = checksums ? crc(bytes, tail) : null;
    String tag =
        calls.call(
            "part %d of '%s'".formatted(number, key),
            (client, limits) ->
                S3Bucket.present(
                    client
                        .uploadPart(
                            r ->
                                r.bucket(bucketName)
                                    .key(key)
                                    .uploadId(uploadId)
                                    .partNumber(number)
                                    .checksumCRC32C(crc)
                                    .overrideConfiguration(limits),
                            SegmentBody.of(bytes, tail))
                        .eTag()));
    return CompletedPart.builder().partNumber(number).eTag(tag).build();
  }

  /** Publishes an upload; {@return its ETag}. */
  String complete(
      String key,
      String uploadId,
      java.util.List<CompletedPart> parts,
      Map<String, String> metadata,
      @Nullable String condition) {
    return calls.callCounted(
        "end of an upload of '" + key + "'",
        (client, limits, attempt) -> {
          try {
            var done =
                client.completeMultipartUpload(
                    r -> {
                      r.bucket(bucketName)
                          .key(key)
                          .uploadId(uploadId)
                          .multipartUpload(u -> u.parts(parts))
                          .overrideConfiguration(limits);
                      if (condition != null) {
                        r.ifNoneMatch(condition.equals(ABSENT) ? ABSENT : null);
                        r.ifMatch(condition.equals(ABSENT) ? null : "\"" + condition + "\"");
                      }
                    });
            return S3Bucket.whole(done.eTag());
          } catch (S3Exception e) {
            return ownAfterAll(key, metadata, condition, attempt, e);
          }
        });
  }

  private static String crc(MemorySegment bytes, byte[] tail) {
    CRC32C crc = new CRC32C();
    for (long at = 0; at < bytes.byteSize(); at += 1 << 30) {
      crc.update(bytes.asSlice(at, Math.min(1 << 30, bytes.byteSize() - at)).asByteBuffer());
    }
    crc.update(tail);
    return Base64.getEncoder()
        .encodeToString(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }
}
