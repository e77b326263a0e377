package io.kvbm.backend.remote.directory;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.DirectoryMember;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file of members, one a line: name, generation or {@code *}, endpoints by commas, worker id,
 * fingerprint in hexadecimal or {@code *}. Empty lines and what follows a {@code #} do not count.
 */
final class MembersFile {

  private static final int MAX_BYTES = 4 << 20;

  private MembersFile() {}

  /**
   * A line.
   *
   * @param member generation 0 where the file says {@code *}: any run of the agent
   * @param anyFingerprint whether it counts for every fingerprint
   */
  record Line(DirectoryMember member, boolean anyFingerprint) {}

  static List<Line> read(Path file, int maxMembers) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw invalid("%s has more than %d bytes".formatted(file, MAX_BYTES), null);
      }
      return parse(file, Files.readString(file, StandardCharsets.UTF_8), maxMembers);
    } catch (IOException e) {
      throw invalid(
          "directoryFile '%s' cannot be read: %s".formatted(file, e.getClass().getSimpleName()), e);
    }
  }

  private static List<Line> parse(Path file, String text, int maxMembers) {
    List<Line> lines = new ArrayList<>();
    Set<String> names = new HashSet<>();
    int number = 0;
    for (String raw : text.lines().toList()) {
      number++;
      String line = raw.replaceFirst("#.*", "").strip();
      if (line.isEmpty()) {
        continue;
      }
      try {
        lines.add(line(line.split("\\s+")));
      } catch (KvbmException | IllegalArgumentException e) {
        throw invalid("%s, line %d: %s".formatted(file, number, e.getMessage()), e);
      }
      if (!names.add(lines.getLast().member().agent().name())) {
        throw invalid("%s, line %d: that name is there already".formatted(file, number), null);
      }
      if (lines.size() > maxMembers) {
        throw invalid(
            "%s, line %d: more than %d members; raise directoryMembers"
                .formatted(file, number, maxMembers),
            null);
      }
    }
    return List.copyOf(lines);
  }

  private static Line line(String[] parts) {
    if (parts.length != 5) {
      throw new IllegalArgumentException(
          "expected name, generation, endpoints, worker and fingerprint, got %d parts"
              .formatted(parts.length));
    }
    List<AgentEndpoint> endpoints =
        Arrays.stream(parts[2].split(",")).map(MembersFile::endpoint).toList();
    long generation = parts[1].equals("*") ? 0 : number("generation", parts[1], 10);
    boolean any = parts[4].equals("*");
    return new Line(
        new DirectoryMember(
            new AgentDescriptor(parts[0], generation, endpoints),
            number("worker", parts[3], 10),
            any ? 0 : number("fingerprint", parts[4], 16)),
        any);
  }

  private static long number(String what, String text, int radix) {
    try {
      return radix == 16 ? Long.parseUnsignedLong(text, 16) : Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("%s '%s' is no number".formatted(what, text), e);
    }
  }

  private static AgentEndpoint endpoint(String text) {
    int at = text.indexOf("://");
    if (at < 0) {
      throw new IllegalArgumentException(
          "endpoint '%s', expected for instance tcp://10.0.0.7:7410".formatted(text));
    }
    return new AgentEndpoint(text.substring(0, at), text.substring(at + 3));
  }

  private static ConfigurationException invalid(String message, @Nullable Throwable cause) {
    return new ConfigurationException(ErrorCode.INVALID_CONFIG, message, cause);
  }
}
