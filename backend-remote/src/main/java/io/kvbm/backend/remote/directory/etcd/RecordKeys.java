package io.kvbm.backend.remote.directory.etcd;

import io.etcd.jetcd.ByteSequence;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names of records: {@code {ns}/members/{agent}} and {@code
 * {ns}/blocks/{agent}/{generation}/{segment}}, the numbers as 16 hexadecimal digits, so that etcd
 * sorts segments in their order.
 */
final class RecordKeys {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final Pattern SEGMENT =
      Pattern.compile("(?<name>[^/]{1,128})/(?<generation>[0-9a-f]{16})/(?<segment>[0-9a-f]{16})");

  private final String namespace;

  RecordKeys(String namespace) {
    this.namespace = namespace;
  }

  /** Where a segment belongs. */
  record SegmentKey(String name, long generation, long segment) {}

  ByteSequence root() {
    return bytes(namespace + "/");
  }

  ByteSequence members() {
    return bytes(namespace + "/members/");
  }

  ByteSequence blocks() {
    return bytes(namespace + "/blocks/");
  }

  ByteSequence member(String name) {
    return bytes(namespace + "/members/" + name);
  }

  ByteSequence segment(String name, long generation, long segment) {
    return bytes("%s/blocks/%s/%016x/%016x".formatted(namespace, name, generation, segment));
  }

  /** {@return the agent's name if this is the key of a member, else null} */
  @Nullable String asMember(ByteSequence key) {
    String rest = after("/members/", key);
    return rest != null && NAME.matcher(rest).matches() ? rest : null;
  }

  /** {@return which segment this is, or null if it is none} */
  @Nullable SegmentKey asSegment(ByteSequence key) {
    String rest = after("/blocks/", key);
    if (rest == null) {
      return null;
    }
    Matcher matcher = SEGMENT.matcher(rest);
    return !matcher.matches()
        ? null
        : new SegmentKey(
            matcher.group("name"),
            Long.parseUnsignedLong(matcher.group("generation"), 16),
            Long.parseUnsignedLong(matcher.group("segment"), 16));
  }

  private @Nullable String after(String folder, ByteSequence key) {
    String text = key.toString(StandardCharsets.UTF_8);
    String prefix = namespace + folder;
    return text.startsWith(prefix) ? text.substring(prefix.length()) : null;
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }
}
