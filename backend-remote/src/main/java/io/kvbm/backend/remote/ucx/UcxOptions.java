package io.kvbm.backend.remote.ucx;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;

/**
 * How a UCX path is set up.
 *
 * @param devices network devices, as {@code UCX_NET_DEVICES} names them, separated by commas; UCX
 *     authenticates nobody, so these should be reachable by trusted machines only
 * @param transports as {@code UCX_TLS} names them, separated by commas; none over shared memory,
 *     for those cannot tell that a peer is gone
 * @param busyPoll whether the path's thread spins, for less latency, and uses a core up
 * @param maxInFlight how many requests UCX is given at a time
 * @param requestTimeout how long 64 MiB, or less, may take; then the connection is given up
 * @param keepalive how often a silent peer is looked for
 */
public record UcxOptions(
    String devices,
    String transports,
    boolean busyPoll,
    int maxInFlight,
    Duration requestTimeout,
    Duration keepalive) {

  private static final int MAX_IN_FLIGHT = 1 << 16;
  private static final Duration MAX_DURATION = Duration.ofHours(1);
  private static final Set<String> WITHOUT_PEER_FAILURE =
      Set.of("all", "sm", "shm", "mm", "posix", "sysv", "xpmem", "cma", "knem", "self");

  /** TCP on the loopback device: safe anywhere, and useful between processes of one machine. */
  public static final UcxOptions DEFAULTS =
      new UcxOptions("lo", "tcp", false, 256, Duration.ofSeconds(30), Duration.ofSeconds(5));

  /**
   * Checks the values.
   *
   * @throws ConfigurationException INVALID_CONFIG
   */
  public UcxOptions {
    checkNames("devices", devices);
    checkNames("transports", transports);
    for (String name : transports.split(",", -1)) {
      if (WITHOUT_PEER_FAILURE.contains(name)) {
        throw invalid(
            "transport '%s' of UCX cannot tell that a peer is gone: name others, such as tcp or rc"
                .formatted(name));
      }
    }
    if (maxInFlight < 1 || maxInFlight > MAX_IN_FLIGHT) {
      throw invalid("maxInFlight is %d: use 1 to %d".formatted(maxInFlight, MAX_IN_FLIGHT));
    }
    checkDuration("requestTimeout", requestTimeout, Duration.ofMillis(1));
    checkDuration("keepalive", keepalive, Duration.ofMillis(100));
  }

  /** {@return these options with another set of devices} */
  public UcxOptions withDevices(String devices) {
    return new UcxOptions(devices, transports, busyPoll, maxInFlight, requestTimeout, keepalive);
  }

  /** {@return these options, spinning or not} */
  public UcxOptions withBusyPoll(boolean busyPoll) {
    return new UcxOptions(devices, transports, busyPoll, maxInFlight, requestTimeout, keepalive);
  }

  /** {@return these options with another limit of requests} */
  public UcxOptions withMaxInFlight(int maxInFlight) {
    return new UcxOptions(devices, transports, busyPoll, maxInFlight, requestTimeout, keepalive);
  }

  /** {@return these options with another timeout} */
  public UcxOptions withRequestTimeout(Duration requestTimeout) {
    return new UcxOptions(devices, transports, busyPoll, maxInFlight, requestTimeout, keepalive);
  }

  /** {@return whether all bytes are moved by this process's threads, none by hardware} */
  boolean isTcp() {
    return Arrays.stream(transports.split(",", -1)).allMatch("tcp"::equals);
  }

  private static void checkNames(String option, String names) {
    boolean valid =
        Arrays.stream(names.split(",", -1)).allMatch(name -> name.matches("[A-Za-z0-9_.:-]{1,64}"));
    if (!valid) {
      throw invalid("%s of UCX are '%s': name them, separated by commas".formatted(option, names));
    }
  }

  private static void checkDuration(String option, Duration value, Duration least) {
    if (value.compareTo(least) < 0 || value.compareTo(MAX_DURATION) > 0) {
      throw invalid("%s is %s: use %s to %s".formatted(option, value, least, MAX_DURATION));
    }
  }

  private static ConfigurationException invalid(String message) {
    return new ConfigurationException(ErrorCode.INVALID_CONFIG, message);
  }
}
