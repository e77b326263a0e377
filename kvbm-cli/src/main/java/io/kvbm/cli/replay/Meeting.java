package io.kvbm.cli.replay;

import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.core.config.EnvironmentNames;
import io.kvbm.core.config.KvbmConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How the processes of one replay meet: a directory of their own, a secret of their own, and the
 * transport that was asked for. What a user has set in the environment is taken instead.
 */
final class Meeting implements AutoCloseable {

  /** The directory that needs nothing beside the processes. */
  static final String STATIC = "static";

  private static final int TOKEN_BYTES = 40;
  private static final int NAME_BYTES = 8;

  private final String directory;
  private final Path members;
  private final Map<String, String> settings = new LinkedHashMap<>();

  private Meeting(String directory, Path members) {
    this.directory = directory;
    this.members = members;
  }

  /**
   * {@return a meeting; the caller closes it after the processes}
   *
   * @param directory its kind
   * @param transport of agents, or null for the configured one
   */
  static Meeting arrange(String directory, @Nullable String transport) throws IOException {
    Meeting meeting = new Meeting(directory, Files.createTempFile("kvbm-members", ".txt"));
    byte[] token = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(token);
    meeting.set("token", HexFormat.of().formatHex(token, NAME_BYTES, TOKEN_BYTES));
    meeting.set(
        "directoryNamespace", "/kvbm-replay-" + HexFormat.of().formatHex(token, 0, NAME_BYTES));
    if (meeting.isStatic()) {
      meeting.set("directoryFile", meeting.members.toString());
      meeting.set("directoryCheck", "100ms");
    }
    if (transport != null) {
      meeting.set("transport", transport);
    }
    if ("ucx".equals(transport)) {
      // Peers read, and a key of UCX lets them write, too: all of them are processes of this
      // replay.
      meeting.set("ucxTrustPeers", "true");
    }
    return meeting;
  }

  private void set(String key, String value) {
    String path = "backends.remote." + key;
    if (!EnvironmentNames.ofProcess().containsKey(EnvironmentNames.variable(path))) {
      settings.put(path, value);
    }
  }

  String directory() {
    return directory;
  }

  private boolean isStatic() {
    return directory.equals(STATIC);
  }

  /** {@return what other processes are started with} */
  Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>();
    settings.forEach((path, value) -> environment.put(EnvironmentNames.variable(path), value));
    return environment;
  }

  /** {@return the same for this process, on top of what is configured} */
  KvbmConfig.Builder on(KvbmConfig.Builder sources) {
    settings.forEach(sources::set);
    return sources;
  }

  /** Tells the processes of each other, where the directory is a file. */
  void introduce(List<String> lines) throws IOException {
    if (isStatic()) {
      Files.write(members, lines);
    }
  }

  /** {@return a line of the file that a static directory reads} */
  static String line(DirectoryMember member) {
    AgentDescriptor agent = member.agent();
    return "%s %d %s %d %x"
        .formatted(
            agent.name(),
            agent.generation(),
            agent.endpoints().stream()
                .map(AgentEndpoint::toString)
                .collect(Collectors.joining(",")),
            member.workerId(),
            member.fingerprint());
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(members);
  }
}
