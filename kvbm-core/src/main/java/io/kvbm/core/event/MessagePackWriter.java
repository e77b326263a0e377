package io.kvbm.core.event;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes the values of MessagePack that events need, each in its shortest form.
 *
 * @see <a href="https://github.com/msgpack/msgpack/blob/master/spec.md">MessagePack
 *     specification</a>
 */
final class MessagePackWriter {

  private byte[] bytes = new byte[256];
  private int size;

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  MessagePackWriter nil() {
    return write(0xC0, 1);
  }

  MessagePackWriter bool(boolean value) {
    return write(value ? 0xC3 : 0xC2, 1);
  }

  MessagePackWriter int64(long value) {
    if (value >= 0) {
      return uint64(value);
    }
    if (value >= -32) {
      return write(value, 1);
    }
    if (value >= Byte.MIN_VALUE) {
      return write(0xD0, 1).write(value, 1);
    }
    if (value >= Short.MIN_VALUE) {
      return write(0xD1, 1).write(value, 2);
    }
    return value >= Integer.MIN_VALUE
        ? write(0xD2, 1).write(value, 4)
        : write(0xD3, 1).write(value, 8);
  }

  /** Writes a number without a sign. */
  MessagePackWriter uint64(long value) {
    if (value < 0 || value > 0xFFFF_FFFFL) {
      return write(0xCF, 1).write(value, 8);
    }
    if (value > 0xFFFF) {
      return write(0xCE, 1).write(value, 4);
    }
    if (value > 0xFF) {
      return write(0xCD, 1).write(value, 2);
    }
    return value > 0x7F ? write(0xCC, 1).write(value, 1) : write(value, 1);
  }

  MessagePackWriter float64(double value) {
    return write(0xCB, 1).write(Double.doubleToRawLongBits(value), 8);
  }

  MessagePackWriter string(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    if (utf8.length < 32) {
      write(0xA0 | utf8.length, 1);
    } else if (utf8.length <= 0xFF) {
      write(0xD9, 1).write(utf8.length, 1);
    } else {
      header(utf8.length, 0xDA);
    }
    return raw(utf8);
  }

  MessagePackWriter binary(byte[] value) {
    if (value.length <= 0xFF) {
      write(0xC4, 1).write(value.length, 1);
    } else {
      header(value.length, 0xC5);
    }
    return raw(value);
  }

  /** Begins an array; its elements follow. */
  MessagePackWriter array(int length) {
    return length < 16 ? write(0x90 | length, 1) : header(length, 0xDC);
  }

  /** Begins a map; its keys and values follow by turns. */
  MessagePackWriter map(int length) {
    return length < 16 ? write(0x80 | length, 1) : header(length, 0xDE);
  }

  /** Writes a type with 16 bits of length, or the type after it with 32. */
  private MessagePackWriter header(int length, int type) {
    return length <= 0xFFFF ? write(type, 1).write(length, 2) : write(type + 1, 1).write(length, 4);
  }

  /** Writes the lowest bytes of a value, the highest of them first. */
  private MessagePackWriter write(long value, int count) {
    ensureRoom(count);
    for (int shift = (count - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
      bytes[size++] = (byte) (value >>> shift);
    }
    return this;
  }

  private MessagePackWriter raw(byte[] value) {
    ensureRoom(value.length);
    System.arraycopy(value, 0, bytes, size, value.length);
    size += value.length;
    return this;
  }

  private void ensureRoom(int count) {
    if (count > bytes.length - size) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, Math.addExact(size, count)));
    }
  }
}
