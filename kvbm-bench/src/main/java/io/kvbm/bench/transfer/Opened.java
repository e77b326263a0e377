package io.kvbm.bench.transfer;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.AgentFactory;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.settings.Surroundings;
import io.kvbm.core.Platform;
import io.kvbm.core.config.KvbmConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What both processes open. */
final class Opened {

  private Opened() {}

  /**
   * {@return a platform with the plugins of this process; the caller closes it}
   *
   * @param settings of the remote backend, as {@code key=value}
   */
  static Platform platform(List<String> settings) {
    Surroundings here = Surroundings.ofProcess();
    // Only what a case says: what the user has configured for serving is not measured.
    PlatformFactory factory =
        new PlatformFactory(new Surroundings(Map.of(), here.home(), here.plugins()), null);
    KvbmConfig.Builder sources = factory.sources();
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      sources.set("backends.remote." + setting.substring(0, equals), setting.substring(equals + 1));
    }
    return factory.open(factory.configure(sources));
  }

  /**
   * {@return an agent; the caller closes it}
   *
   * @param platform has the backend
   * @param name the agent's
   */
  static RemoteAgent agent(Platform platform, String name) {
    Optional<AgentFactory> agents = platform.backend("remote").agents().stream().findFirst();
    return agents
        .orElseThrow(
            () ->
                new ConfigurationException(
                    ErrorCode.BACKEND_UNAVAILABLE,
                    "the backend 'remote' opens no agents; install backend-remote of this version"))
        .open(name);
  }
}
