package io.kvbm.backend.remote.directory.etcd;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.directory.DirectoryLimits;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How to reach etcd and what to do there.
 *
 * @param endpoints one or more {@code http://host:port} or {@code https://host:port}
 * @param namespace what all keys begin with; no slash at its end
 * @param lease after how long without a sign of life a member is gone
 * @param timeout how long one request may take
 * @param batchDelay how long changes wait for others
 * @param batchBlocks how many changes are not made to wait
 * @param segmentBytes the most bytes of one record of blocks
 * @param limits how much is kept
 * @param user empty without authentication
 * @param tls where the files are
 * @param config where the password comes from, when it is needed
 */
record EtcdSettings(
    List<URI> endpoints,
    String namespace,
    Duration lease,
    Duration timeout,
    Duration batchDelay,
    int batchBlocks,
    int segmentBytes,
    DirectoryLimits limits,
    Optional<String> user,
    Tls tls,
    BackendConfig config) {

  /**
   * Files in PEM.
   *
   * @param ca who signed the servers' certificates; empty for those the JDK knows
   * @param certificate this client's
   * @param key its key
   */
  record Tls(Optional<Path> ca, Optional<Path> certificate, Optional<Path> key) {}

  /**
   * {@return the settings}
   *
   * @param config texts
   * @param limits how much is kept
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG}
   */
  static EtcdSettings of(BackendConfig config, DirectoryLimits limits) {
    List<URI> endpoints =
        Arrays.stream(config.string("etcdEndpoints").orElse("").split(","))
            .map(String::strip)
            .filter(text -> !text.isEmpty())
            .map(EtcdSettings::endpoint)
            .toList();
    if (endpoints.isEmpty()) {
      throw invalid("the etcd directory needs etcdEndpoints, for instance http://10.0.0.5:2379");
    }
    Tls tls =
        new Tls(config.path("etcdCa"), config.path("etcdCertificate"), config.path("etcdKey"));
    if (tls.certificate().isPresent() != tls.key().isPresent()) {
      throw invalid("etcdCertificate and etcdKey belong together: set both or none");
    }
    boolean secured = "https".equals(endpoints.getFirst().getScheme());
    if (endpoints.stream().anyMatch(e -> "https".equals(e.getScheme()) != secured)) {
      throw invalid("etcdEndpoints mixes http and https: use one of them");
    }
    if (!secured && (tls.ca().isPresent() || tls.certificate().isPresent())) {
      throw invalid("etcdCa, etcdCertificate and etcdKey need https endpoints");
    }
    String namespace = config.string("directoryNamespace").orElse("/kvbm").strip();
    if (namespace.length() > 512 || namespace.chars().anyMatch(c -> c < ' ')) {
      throw invalid("directoryNamespace is not one: 512 characters at most, none of them control");
    }
    EtcdSettings settings =
        new EtcdSettings(
            endpoints,
            namespace.replaceAll("/+$", ""),
            within(config, "etcdLease", "10s", Duration.ofSeconds(2), Duration.ofHours(1)),
            within(config, "etcdTimeout", "3s", Duration.ofMillis(50), Duration.ofMinutes(1)),
            within(config, "directoryBatchDelay", "50ms", Duration.ZERO, Duration.ofMinutes(1)),
            Math.toIntExact(config.integer("directoryBatchBlocks").orElse(4096L)),
            Math.toIntExact(config.byteSize("etcdSegment").orElse(512L << 10)),
            limits,
            config.string("etcdUser").filter(user -> !user.isBlank()),
            tls,
            config);
    settings.password(); // what is missing is said now
    return settings;
  }

  boolean isSecured() {
    return "https".equals(endpoints.getFirst().getScheme());
  }

  /** {@return the password; read anew each time, so that a file may change} */
  Optional<String> password() {
    Optional<String> password = config.string("etcdPassword");
    Optional<Path> file = config.path("etcdPasswordFile");
    if (user.isPresent() && password.isPresent() == file.isPresent()) {
      throw invalid("etcdUser needs either etcdPassword or etcdPasswordFile");
    }
    if (file.isPresent() && user.isPresent()) {
      try {
        return Optional.of(Files.readString(file.get()).stripTrailing());
      } catch (IOException e) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "etcdPasswordFile '%s' cannot be read: %s"
                .formatted(file.get(), e.getClass().getSimpleName()),
            e);
      }
    }
    return user.isPresent() ? password : Optional.empty();
  }

  private static URI endpoint(String text) {
    try {
      URI uri = URI.create(text.contains("://") ? text : "http://" + text);
      boolean known = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (known && uri.getHost() != null && uri.getPort() > 0 && uri.getUserInfo() == null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // answered below
    }
    throw invalid(
        "etcdEndpoints has '%s', expected http://host:port or https://host:port"
            .formatted(text.contains("@") ? "…@…" : text));
  }

  private static Duration within(
      BackendConfig config, String key, String byDefault, Duration least, Duration most) {
    Duration value =
        config.duration(key).orElseGet(() -> BackendConfig.of(key, byDefault).duration(key).get());
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw invalid("setting '%s' is %s, expected %s to %s".formatted(key, value, least, most));
    }
    return value;
  }

  private static ConfigurationException invalid(String message) {
    return new ConfigurationException(ErrorCode.INVALID_CONFIG, message);
  }

  /** {@return where; no user, no password} */
  @Override
  public String toString() {
    return "etcd at %s, namespace '%s'".formatted(endpoints, namespace);
  }
}
