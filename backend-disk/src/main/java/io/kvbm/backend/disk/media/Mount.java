package io.kvbm.backend.disk.media;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One line of {@code /proc/self/mountinfo}.
 *
 * @param id its number, unique in the table
 * @param parentId the mount it is mounted on
 * @param device {@code major:minor}; {@code 0:…} where there is no block device
 * @param root the folder of the file system that is mounted, {@code /} unless it is a bind mount or
 *     a subvolume
 * @param point where it is mounted
 * @param options those of the mount, such as {@code noatime}
 * @param type the file system's name
 * @param source what is mounted, for instance {@code /dev/sda1}
 * @param superOptions those of the file system; the ones that are at their default may be left out
 */
public record Mount(
    int id,
    int parentId,
    String device,
    String root,
    Path point,
    List<String> options,
    String type,
    String source,
    List<String> superOptions) {

  private static final int FIXED_FIELDS = 6;

  /** {@return the mount a line describes, or empty if it describes none} */
  public static Optional<Mount> parse(String line) {
    List<String> fields = Arrays.asList(line.split(" "));
    int separator = fields.indexOf("-"); // Between are optional fields, any number of them.
    if (separator < FIXED_FIELDS || fields.size() < separator + 4) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Mount(
              Integer.parseInt(fields.get(0)),
              Integer.parseInt(fields.get(1)),
              fields.get(2),
              unescape(fields.get(3)),
              Path.of(unescape(fields.get(4))),
              List.of(fields.get(5).split(",")),
              unescape(fields.get(separator + 1)),
              unescape(fields.get(separator + 2)),
              List.of(fields.get(separator + 3).split(","))));
    } catch (IllegalArgumentException e) { // A number or a path that is none.
      return Optional.empty();
    }
  }

  /**
   * The kernel writes blank, tab, line break and backslash as a backslash and three octal digits.
   */
  private static String unescape(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\'
          && i + 3 < text.length()
          && text.substring(i + 1, i + 4).matches("[0-3][0-7]{2}")) {
        plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        plain.append(c);
      }
    }
    return plain.toString();
  }

  /** {@return whether an option is set, on the mount or on the file system} */
  public boolean has(String option) {
    return options.contains(option) || superOptions.contains(option);
  }

  /** {@return the value of an option written as {@code name=value}} */
  public Optional<String> value(String name) {
    return Stream.concat(options.stream(), superOptions.stream())
        .filter(option -> option.startsWith(name + "="))
        .map(option -> option.substring(name.length() + 1))
        .findFirst();
  }

  /** {@return whether only a folder of the file system is mounted} */
  public boolean isPartial() {
    return !root.equals("/");
  }
}
