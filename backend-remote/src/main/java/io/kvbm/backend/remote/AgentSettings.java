package io.kvbm.backend.remote;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.ConfigKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The settings of agents.
 *
 * @param bind the address to listen at
 * @param advertise the host that peers are told; empty for the one listened at
 * @param port the port, 0 for a free one
 * @param token the shared secret; empty for none
 * @param tls files of certificate, key and authority for mutual TLS, if wanted
 * @param maxFrame the most bytes of one read or write on the wire
 * @param maxInFlight the most bytes in flight from and to peers
 * @param streams connections to each peer
 * @param checksum whether bytes carry a CRC32C from end to end
 * @param offer the most bytes that peers may reserve here
 * @param lendTime how long a loan lasts at most
 * @param connectTimeout how long connecting and authenticating may take
 * @param requestTimeout how long a peer may take for one request
 * @param drainTimeout how long closing waits for what is in flight
 * @param idleTimeout after how long without a sign of life a peer counts as lost
 * @param maxConnections the most connections accepted
 * @param transport {@code auto}, {@code tcp} or {@code ucx}
 * @param ucx how bytes move through UCX, where they do
 */
@Stability(Stability.Level.PREVIEW)
@SuppressWarnings("ArrayRecordComponent") // not compared
public record AgentSettings(
    String bind,
    String advertise,
    int port,
    byte[] token,
    Optional<Tls> tls,
    int maxFrame,
    long maxInFlight,
    int streams,
    boolean checksum,
    long offer,
    Duration lendTime,
    Duration connectTimeout,
    Duration requestTimeout,
    Duration drainTimeout,
    Duration idleTimeout,
    int maxConnections,
    String transport,
    Ucx ucx) {

  /**
   * Files for mutual TLS, in PEM.
   *
   * @param certificate of this agent; its common name or a DNS name is the agent's name
   * @param key its private key, PKCS #8
   * @param authority which peers' certificates are from
   */
  public record Tls(Path certificate, Path key, Path authority) {}

  /**
   * How bytes move through UCX, which authenticates nobody.
   *
   * @param devices as {@code UCX_NET_DEVICES} names them
   * @param isNamed whether the setting names the devices; only then {@code auto} uses UCX
   * @param transports as {@code UCX_TLS} names them
   * @param busyPoll whether a thread spins, for less latency
   * @param maxInFlight the most reads and writes that UCX, and each peer's queue to it, are given
   * @param trustPeers whether peers get keys of read-only exports, which let them write
   */
  public record Ucx(
      String devices,
      boolean isNamed,
      String transports,
      boolean busyPoll,
      int maxInFlight,
      boolean trustPeers) {}

  private static final int LEAST_TOKEN = 16;

  private static ConfigKey key(String name, ConfigKey.Type type, String value, String help) {
    return new ConfigKey(name, type, value, help);
  }

  /** {@return what can be set} */
  public static List<ConfigKey> keys() {
    return List.of(
        key("bind", ConfigKey.Type.STRING, "127.0.0.1", "The address agents listen at"),
        key("advertise", ConfigKey.Type.STRING, "", "The host peers are told, if another"),
        key("port", ConfigKey.Type.INTEGER, "0", "The port, 0 for a free one").withRange(0, 65_535),
        key("token", ConfigKey.Type.STRING, "", "The secret all agents share, 16 bytes or more")
            .asSecret(),
        key("tokenFile", ConfigKey.Type.PATH, "", "A file that holds the token"),
        key("tlsCertificate", ConfigKey.Type.PATH, "", "Certificate of this agent, PEM"),
        key("tlsKey", ConfigKey.Type.PATH, "", "Its private key, PKCS #8 in PEM"),
        key("tlsAuthority", ConfigKey.Type.PATH, "", "Who signed the peers' certificates, PEM"),
        key("maxFrame", ConfigKey.Type.BYTE_SIZE, "1MiB", "The most bytes of one read or write")
            .withRange(4096, 64 << 20),
        key("maxInFlight", ConfigKey.Type.BYTE_SIZE, "64MiB", "The most bytes in flight")
            .withRange(4096, Long.MAX_VALUE),
        key("streams", ConfigKey.Type.INTEGER, "2", "Connections to each peer").withRange(1, 16),
        key("checksum", ConfigKey.Type.BOOLEAN, "true", "CRC32C from end to end"),
        key("offer", ConfigKey.Type.BYTE_SIZE, "0", "The most bytes peers may reserve here")
            .withRange(0, Long.MAX_VALUE),
        key("lendTime", ConfigKey.Type.DURATION, "30s", "How long a loan lasts at most"),
        key("connectTimeout", ConfigKey.Type.DURATION, "5s", "Time to connect and authenticate"),
        key("requestTimeout", ConfigKey.Type.DURATION, "30s", "Time for one request"),
        key("drainTimeout", ConfigKey.Type.DURATION, "10s", "How long closing waits"),
        key("idleTimeout", ConfigKey.Type.DURATION, "15s", "A silent peer is lost after this"),
        key("maxConnections", ConfigKey.Type.INTEGER, "1024", "The most connections accepted")
            .withRange(1, 1 << 20),
        key("transport", ConfigKey.Type.STRING, "auto", "How bytes move")
            .withChoices("auto", "tcp", "ucx"),
        key("ucxDevices", ConfigKey.Type.STRING, "lo", "UCX's network devices, trusted ones only"),
        key("ucxTls", ConfigKey.Type.STRING, "tcp", "UCX's transports, none of shared memory"),
        key("ucxBusyPoll", ConfigKey.Type.BOOLEAN, "false", "Spin, for less latency of UCX"),
        key("ucxMaxInFlight", ConfigKey.Type.INTEGER, "256", "The most copies UCX is given")
            .withRange(1, 65_536),
        key("ucxTrustPeers", ConfigKey.Type.BOOLEAN, "false", "Read-only exports go by UCX, too"));
  }

  /**
   * {@return the settings a configuration says}
   *
   * @param config texts of {@link #keys()}
   * @throws ConfigurationException if they contradict each other
   */
  public static AgentSettings of(BackendConfig config) {
    AgentSettings settings =
        new AgentSettings(
            config.string("bind").orElse("127.0.0.1").strip(),
            config.string("advertise").orElse("").strip(),
            config.integer("port").orElse(0L).intValue(),
            token(config),
            tls(config),
            Math.toIntExact(config.byteSize("maxFrame").orElse(1L << 20)),
            config.byteSize("maxInFlight").orElse(64L << 20),
            config.integer("streams").orElse(2L).intValue(),
            config.bool("checksum").orElse(true),
            config.byteSize("offer").orElse(0L),
            duration(config, "lendTime", 30),
            duration(config, "connectTimeout", 5),
            duration(config, "requestTimeout", 30),
            duration(config, "drainTimeout", 10),
            duration(config, "idleTimeout", 15),
            config.integer("maxConnections").orElse(1024L).intValue(),
            config.string("transport").orElse("auto"),
            ucx(config));
    if (settings.maxInFlight < settings.maxFrame) {
      throw invalid("maxInFlight is below maxFrame: no frame could be sent");
    }
    settings.checkCredentials();
    return settings;
  }

  private static Ucx ucx(BackendConfig config) {
    return new Ucx(
        config.string("ucxDevices").orElse("lo").strip(),
        config.string("ucxDevices").isPresent(),
        config.string("ucxTls").orElse("tcp").strip(),
        config.bool("ucxBusyPoll").orElse(false),
        config.integer("ucxMaxInFlight").orElse(256L).intValue(),
        config.bool("ucxTrustPeers").orElse(false));
  }

  private void checkCredentials() {
    if (token.length > 0 || tls.isPresent()) {
      return;
    }
    try {
      if (InetAddress.getByName(bind).isLoopbackAddress()) {
        return;
      }
    } catch (UnknownHostException e) {
      throw invalid("bind address '%s' is not known".formatted(bind));
    }
    throw invalid(
        "listening at %s, beyond loopback, needs a token or TLS certificates".formatted(bind));
  }

  private static Duration duration(BackendConfig config, String key, int seconds) {
    Duration value = config.duration(key).orElse(Duration.ofSeconds(seconds));
    if (value.isZero() || value.compareTo(Duration.ofDays(1)) > 0) {
      throw invalid("%s is %s, expected above 0 and at most a day".formatted(key, value));
    }
    return value;
  }

  private static byte[] token(BackendConfig config) {
    String text = config.string("token").orElse("");
    Optional<Path> file = config.path("tokenFile").filter(path -> !path.toString().isEmpty());
    if (file.isPresent()) {
      try {
        text = Files.readString(file.get()).strip();
      } catch (IOException e) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "token file %s cannot be read: %s".formatted(file.get(), e.getClass().getSimpleName()),
            e);
      }
      if (text.isEmpty()) {
        throw invalid("token file %s is empty".formatted(file.get()));
      }
    }
    byte[] token = text.getBytes(StandardCharsets.UTF_8);
    if (token.length > 0 && token.length < LEAST_TOKEN) {
      throw invalid("the token has %d bytes, expected 16 or more".formatted(token.length));
    }
    return token;
  }

  private static Optional<Tls> tls(BackendConfig config) {
    List<Optional<Path>> files =
        List.of("tlsCertificate", "tlsKey", "tlsAuthority").stream()
            .map(key -> config.path(key).filter(path -> !path.toString().isEmpty()))
            .toList();
    if (files.stream().noneMatch(Optional::isPresent)) {
      return Optional.empty();
    }
    if (!files.stream().allMatch(file -> file.filter(Files::isReadable).isPresent())) {
      throw invalid("TLS needs tlsCertificate, tlsKey and tlsAuthority, each a readable file");
    }
    return Optional.of(
        new Tls(
            files.get(0).orElseThrow(), files.get(1).orElseThrow(), files.get(2).orElseThrow()));
  }

  private static ConfigurationException invalid(String message) {
    return new ConfigurationException(ErrorCode.INVALID_CONFIG, message);
  }

  /** {@return address and limits; no secret} */
  @Override
  public String toString() {
    return "agents at %s:%d, %s%s"
        .formatted(
            bind, port, token.length > 0 ? "token" : "no token", tls.isPresent() ? ", TLS" : "");
  }
}
