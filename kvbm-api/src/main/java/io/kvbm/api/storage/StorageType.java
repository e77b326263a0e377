package io.kvbm.api.storage;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What kind of memory a storage is: a kind name and, where one kind has several places, an id.
 *
 * <p>The kinds kvbm knows are constants; a third party adds {@code cxl} by {@link #of(String)}
 * without a change here. The text form ({@code system}, {@code device(0)}, {@code disk(17)}) and
 * the binary form (one byte length, the kind in ASCII, the id as 64 bits little endian) are stable.
 *
 * @param kind {@code [a-z][a-z0-9-]{0,62}}; stored on disk and in configurations, so it never
 *     changes
 * @param id the device ordinal or file descriptor, or {@link #NO_ID}
 */
@Stability(Stability.Level.STABLE)
public record StorageType(String kind, long id) {

  /** The id of a kind that has one place only. */
  public static final long NO_ID = -1;

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
  private static final Pattern TEXT =
      Pattern.compile("([a-z][a-z0-9-]{0,62})(?:\\((\\d{1,19})\\))?");

  /** Host memory, off the Java heap. */
  public static final StorageType SYSTEM = new StorageType("system", NO_ID);

  /** Page-locked host memory. */
  public static final StorageType PINNED = new StorageType("pinned", NO_ID);

  /** Memory of another process or machine. */
  public static final StorageType REMOTE = new StorageType("remote", NO_ID);

  /** The specification's name for {@link #REMOTE}. */
  public static final StorageType NIXL = REMOTE;

  /** Storage without bytes, for tests. */
  public static final StorageType NULL = new StorageType("null", NO_ID);

  /** Checks the name. */
  public StorageType {
    Objects.requireNonNull(kind, "kind");
    if (!NAME.matcher(kind).matches()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "storage kind '" + kind + "' is not of the form [a-z][a-z0-9-]{0,62}");
    }
    if (id < NO_ID) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "storage id " + id + " of kind " + kind + " is negative");
    }
  }

  /**
   * {@return the memory of one GPU}
   *
   * @param ordinal the device ordinal, from 0
   */
  public static StorageType device(int ordinal) {
    return new StorageType("device", requireId(ordinal));
  }

  /**
   * {@return a file}
   *
   * @param descriptor the file descriptor, or a number that identifies the open file where there is
   *     none
   */
  public static StorageType disk(long descriptor) {
    return new StorageType("disk", requireId(descriptor));
  }

  /**
   * {@return a kind with one place}
   *
   * @param kind the kind's name
   */
  public static StorageType of(String kind) {
    return new StorageType(kind, NO_ID);
  }

  /**
   * Reads the text form.
   *
   * @param text as {@link #toString()} wrote it; {@code nixl} is read as {@code remote}
   * @return the type
   * @throws CallerException if the text is of another form
   */
  public static StorageType parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "'" + text + "' is no storage type; expected kind or kind(id), like device(0)");
    }
    String kind = matcher.group(1).equals("nixl") ? "remote" : matcher.group(1);
    if (matcher.group(2) == null) {
      return new StorageType(kind, NO_ID);
    }
    try {
      return new StorageType(kind, Long.parseLong(matcher.group(2)));
    } catch (NumberFormatException e) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "id of storage type '" + text + "' is larger than 2^63-1", e);
    }
  }

  /** {@return the binary form} */
  public byte[] toBytes() {
    byte[] name = kind.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(1 + name.length + Long.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) name.length)
        .put(name)
        .putLong(id)
        .array();
  }

  /**
   * Reads the binary form from the buffer's position on and moves the position behind it.
   *
   * @param source holds a type as {@link #toBytes()} wrote it; its byte order does not matter
   * @return the type
   * @throws CallerException if the bytes are cut short or no storage type
   */
  public static StorageType fromBytes(ByteBuffer source) {
    int length = source.hasRemaining() ? source.get(source.position()) : 0;
    if (length < 1 || source.remaining() < 1 + length + Long.BYTES) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "storage type is cut short: " + source.remaining() + " bytes left");
    }
    source.get();
    byte[] name = new byte[length];
    source.get(name);
    byte[] id = new byte[Long.BYTES];
    source.get(id);
    return new StorageType(
        new String(name, StandardCharsets.US_ASCII),
        ByteBuffer.wrap(id).order(ByteOrder.LITTLE_ENDIAN).getLong());
  }

  /** {@return whether this is the memory of a GPU} */
  public boolean isDevice() {
    return kind.equals("device");
  }

  /** {@return whether this is a file} */
  public boolean isDisk() {
    return kind.equals("disk");
  }

  /** {@return the text form: the kind, and the id in parentheses where there is one} */
  @Override
  public String toString() {
    return id == NO_ID ? kind : kind + "(" + id + ")";
  }

  private static long requireId(long id) {
    if (id < 0) {
      throw new CallerException(ErrorCode.INVALID_ARGUMENT, "storage id " + id + " is negative");
    }
    return id;
  }
}
