package io.kvbm.bench.transfer;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The settings of the remote backend that a case needs, as {@code backends.remote.…} has them. */
final class AgentSettings {

  /** Says nothing about the measurement: peers on loopback need none. */
  private static final String TOKEN = "measured-over-loopback-only";

  private AgentSettings() {}

  /**
   * {@return the settings of one side}
   *
   * @param way what is measured
   * @param streams connections between both sides
   * @param tls certificates, null where the case is not of TLS
   * @param ucx what UCX may use, as its variables are called
   */
  static Map<String, String> of(
      TransferCase way, int streams, @Nullable TlsFiles tls, Map<String, String> ucx) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("transport", way.transport());
    settings.put("streams", Integer.toString(streams));
    settings.put(
        "checksum", Boolean.toString(way.mode() != TransferCase.Mode.PLAIN && way.isTcp()));
    if (tls != null && way.mode() == TransferCase.Mode.TLS) {
      settings.put("tlsCertificate", tls.certificate().toString());
      settings.put("tlsKey", tls.key().toString());
      settings.put("tlsAuthority", tls.certificate().toString());
    } else {
      settings.put("token", TOKEN);
    }
    if (!way.isTcp()) {
      settings.put("ucxTls", ucx.getOrDefault("UCX_TLS", "tcp"));
      settings.put("ucxDevices", ucx.getOrDefault("UCX_NET_DEVICES", "lo"));
      settings.put("ucxBusyPoll", Boolean.toString(way.mode() == TransferCase.Mode.BUSY));
    }
    return settings;
  }
}
