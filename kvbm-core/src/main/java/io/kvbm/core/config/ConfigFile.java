package io.kvbm.core.config;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A configuration file: YAML in UTF-8, of at most a mebibyte. */
final class ConfigFile {

  static final int MAX_BYTE_SIZE = 1 << 20;

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private ConfigFile() {}

  /**
   * Reads a file.
   *
   * @return what it says, in order
   * @throws ConfigurationException in one line: the file, the position, what is wrong
   */
  static List<YamlEntry> read(Path file) {
    return parse(file.toString(), bytes(file));
  }

  static List<YamlEntry> parse(String name, byte[] bytes) {
    return new YamlReader(name).read(text(name, bytes));
  }

  private static byte[] bytes(Path file) {
    if (Files.isDirectory(file)) {
      throw unreadable(file, "is a folder; name the file in it", null);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTE_SIZE + 1);
      if (bytes.length > MAX_BYTE_SIZE) {
        throw unreadable(
            file, "is larger than " + MAX_BYTE_SIZE + " bytes; is it a configuration?", null);
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw unreadable(file, "does not exist; create it or name another", e);
    } catch (AccessDeniedException e) {
      throw unreadable(file, "may not be read by this user; change its permissions", e);
    } catch (IOException e) {
      throw unreadable(file, "cannot be read: " + e.getMessage(), e);
    }
  }

  private static ConfigurationException unreadable(
      Path file, String what, @Nullable Throwable cause) {
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG, "the configuration file " + file + " " + what, cause);
  }

  /** Decodes strictly, so that a byte which is none of a text is told with its position. */
  private static String text(String name, byte[] bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length + 1);
    CoderResult result = decoder.decode(in, out, true);
    String text = out.flip().toString();
    if (result.isError()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%s:%s: the file is not UTF-8; save it in that encoding"
              .formatted(name, position(text, text.length())));
    }
    return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
  }

  /** {@return line and column of an index, both from 1, as {@code 3:7}} */
  static String position(String text, int index) {
    int line = 1;
    int column = 1;
    for (int i = 0; i < Math.min(index, text.length()); i++) {
      char c = text.charAt(i);
      boolean lineEnd =
          c == '\n' || (c == '\r' && !(i + 1 < text.length() && text.charAt(i + 1) == '\n'));
      if (lineEnd) {
        line++;
        column = 1;
      } else {
        column++;
      }
    }
    return line + ":" + column;
  }
}
