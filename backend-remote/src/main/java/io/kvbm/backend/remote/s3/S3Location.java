package io.kvbm.backend.remote.s3;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.ObjectKeys;

/**
 * Where a store keeps its objects. What the store itself needs lies under a name that starts with
 * {@code !}: no caller's key does, and it sorts before all of them.
 *
 * @param bucket the bucket
 * @param root goes before every key; empty or ends in {@code /}
 */
record S3Location(String bucket, String root) {

  /** S3's own limit. */
  static final int MAX_KEY_LENGTH = 1024;

  private static final String INTERNAL = "!kvbm/";

  /** Behind every internal key, before every caller's key. */
  static final String FIRST = "!~";

  /**
   * {@return a location} With a bucket in the settings, {@code location} is a folder of it; without
   * one it is {@code bucket} or {@code bucket/folder}; {@code s3://bucket/folder} names both.
   */
  static S3Location of(String location, S3Settings settings) {
    String text = location.startsWith("s3://") ? location.substring(5) : location;
    boolean named = !text.equals(location) || settings.text("bucket").isEmpty();
    if (!named) {
      return new S3Location(
          settings.textOr("bucket", ""), folder(settings.textOr("prefix", "")) + folder(text));
    }
    int slash = text.indexOf('/');
    String bucket = slash < 0 ? text : text.substring(0, slash);
    if (!isBucket(bucket)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "location '%s' names no bucket; write bucket/folder, or set 'bucket'"
              .formatted(location));
    }
    return new S3Location(bucket, slash < 0 ? "" : folder(text.substring(slash + 1)));
  }

  static boolean isBucket(String name) {
    return name.matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
  }

  private static String folder(String path) {
    String plain = path.replaceAll("^/+|/+$", "");
    if (plain.isEmpty()) {
      return "";
    }
    ObjectKeys.check(plain);
    return plain + "/";
  }

  /** {@return the key in the bucket} */
  String physical(String key) {
    ObjectKeys.check(key);
    return checked(root + key);
  }

  /** {@return the key of the mark that an object may have a time to live} */
  String mark(String key) {
    return checked(marks() + key);
  }

  String marks() {
    return root + INTERNAL + "ttl/";
  }

  String internal(String name) {
    return root + INTERNAL + name;
  }

  private static String checked(String physical) {
    if (physical.length() > MAX_KEY_LENGTH) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "key '%s…' has %d characters with its prefix, S3 takes %d; shorten it"
              .formatted(physical.substring(0, 60), physical.length(), MAX_KEY_LENGTH));
    }
    return physical;
  }

  @Override
  public String toString() {
    return "s3://" + bucket + "/" + root;
  }
}
