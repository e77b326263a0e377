package io.kvbm.backend.remote.s3;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.io.EOFException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.model.BucketAlreadyOwnedByYouException;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Requests about objects as a whole: their state, their lists, their end. */
final class S3Bucket {

  static final String NONCE = "kvbm-nonce";
  static final String EXPIRES = "kvbm-expires";

  private final S3Calls calls;
  private final String bucket;

  S3Bucket(S3Calls calls, String bucket) {
    this.calls = calls;
    this.bucket = bucket;
  }

  /**
   * What the service knows of an object.
   *
   * @param tag its ETag, without quotes
   * @param byteSize its length, with the footer
   * @param modified when it was put, by the service's clock
   * @param metadata empty where it comes from a list
   */
  record Entry(
      String key, String tag, long byteSize, Instant modified, Map<String, String> metadata) {

    /**
     * {@return the version that stands for the ETag: not negative, another one for another ETag}
     */
    long version() {
      return versionOf(tag);
    }

    boolean isExpired(Instant now) {
      String expires = metadata.getOrDefault(EXPIRES, "");
      return !expires.isEmpty() && millis(expires) <= now.toEpochMilli();
    }
  }

  static long millis(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE; // nobody of ours wrote it: never expires
    }
  }

  static long versionOf(String tag) {
    long hash = 0xCBF29CE484222325L;
    for (int i = 0; i < tag.length(); i++) {
      hash = (hash ^ tag.charAt(i)) * 0x100000001B3L;
    }
    hash ^= hash >>> 32;
    return (hash * 0x9E3779B97F4A7C15L) >>> 1;
  }

  static String plain(@Nullable String tag) {
    return tag == null ? "" : tag.replace("\"", "");
  }

  /** {@return what an answer must hold; one that was cut off is asked for again} */
  static <T> T present(@Nullable T value) {
    if (value == null) {
      throw SdkClientException.create(
          "the answer was cut off", new EOFException("a header is missing"));
    }
    return value;
  }

  /** {@return an ETag without quotes; one that lacks its last quote was cut off} */
  static String whole(@Nullable String tag) {
    String text = present(tag);
    return plain(present(text.length() > 1 && text.endsWith("\"") ? text : null));
  }

  Optional<Entry> head(String key) {
    return calls.call(
        "stat of '" + key + "'",
        (client, limits) -> {
          try {
            var found =
                client.headObject(r -> r.bucket(bucket).key(key).overrideConfiguration(limits));
            return Optional.of(
                new Entry(
                    key,
                    whole(found.eTag()),
                    present(found.contentLength()),
                    present(found.lastModified()),
                    found.metadata()));
          } catch (S3Exception e) {
            if (e.statusCode() == 404) {
              return Optional.<Entry>empty();
            }
            throw e;
          }
        });
  }

  /** {@return up to a page of entries behind a key} */
  List<Entry> list(String prefix, String after, int limit) {
    ListObjectsV2Response page =
        calls.call(
            "list of '" + prefix + "' in bucket " + bucket,
            (client, limits) ->
                client.listObjectsV2(
                    r ->
                        r.bucket(bucket)
                            .prefix(prefix)
                            .startAfter(after.isEmpty() ? null : after)
                            .maxKeys(Math.min(limit, 1000))
                            .overrideConfiguration(limits)));
    return page.contents().stream()
        .map(o -> new Entry(o.key(), plain(o.eTag()), o.size(), o.lastModified(), Map.of()))
        .toList();
  }

  /**
   * Deletes an object.
   *
   * @param tag only while it has this ETag, as far as the service compares it; empty for any
   * @return false if it has another ETag
   */
  boolean delete(String key, String tag) {
    return calls.call(
        "delete of '" + key + "'",
        (client, limits) -> {
          try {
            client.deleteObject(
                r ->
                    r.bucket(bucket)
                        .key(key)
                        .ifMatch(tag.isEmpty() ? null : "\"" + tag + "\"")
                        .overrideConfiguration(limits));
            return true;
          } catch (S3Exception e) {
            if (e.statusCode() == 404) {
              return true;
            }
            if (e.statusCode() == 412) {
              return false;
            }
            if (e.statusCode() == 501 && !tag.isEmpty()) {
              client.deleteObject(r -> r.bucket(bucket).key(key).overrideConfiguration(limits));
              return true;
            }
            throw e;
          }
        });
  }

  /** {@return all unfinished uploads, of which the service gives so many at a time} */
  List<MultipartUpload> uploads(String prefix) {
    List<MultipartUpload> found = new ArrayList<>();
    @Nullable String key = null;
    @Nullable String id = null;
    while (true) {
      @Nullable String keyMarker = key;
      @Nullable String idMarker = id;
      ListMultipartUploadsResponse page =
          calls.call(
              "list of unfinished uploads in bucket " + bucket,
              (client, limits) ->
                  client.listMultipartUploads(
                      r ->
                          r.bucket(bucket)
                              .prefix(prefix)
                              .keyMarker(keyMarker)
                              .uploadIdMarker(idMarker)
                              .overrideConfiguration(limits)));
      found.addAll(page.uploads());
      key = page.nextKeyMarker();
      id = page.nextUploadIdMarker();
      boolean goesOn = key != null && (!key.equals(keyMarker) || !Objects.equals(id, idMarker));
      if (!Boolean.TRUE.equals(page.isTruncated()) || !goesOn) {
        return found;
      }
    }
  }

  void abort(String key, String uploadId) {
    calls.call(
        "end of an upload of '" + key + "'",
        (client, limits) -> {
          try {
            return client.abortMultipartUpload(
                r -> r.bucket(bucket).key(key).uploadId(uploadId).overrideConfiguration(limits));
          } catch (S3Exception e) {
            if (e.statusCode() == 404) {
              return null;
            }
            throw e;
          }
        });
  }

  /** Fails with one clear sentence where the bucket is not there or the credentials are wrong. */
  void require(boolean create) {
    try {
      list("!", "", 1);
    } catch (CallerException e) {
      if (e.code() != ErrorCode.NOT_FOUND) {
        throw e;
      }
      if (!create) {
        throw new CallerException(
            ErrorCode.NOT_FOUND,
            "bucket '%s' does not exist; create it or set createBucket=true".formatted(bucket),
            e);
      }
      create();
    }
  }

  private void create() {
    calls.call(
        "creation of bucket " + bucket,
        (client, limits) -> {
          try {
            return client.createBucket(r -> r.bucket(bucket).overrideConfiguration(limits));
          } catch (BucketAlreadyOwnedByYouException e) {
            return null; // somebody was faster
          }
        });
  }
}
