package io.kvbm.api.config;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.Stability;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * What a manager runs with.
 *
 * @param workerId this worker among others
 * @param cancellationToken ends pending calls with PROGRESS_ENGINE_SHUTDOWN when cancelled
 * @param remote whether blocks are shared with other workers
 * @param executor runs asynchronous calls and user continuations; empty lets the manager make one
 * @param metricsRegistry where to report; core binds a Micrometer registry
 * @param clock time
 * @param modelName what the blocks belong to; persisted blocks of another model are misses
 * @param salt separates caches of one model
 */
@Stability(Stability.Level.STABLE)
public record KvManagerRuntimeConfig(
    long workerId,
    CancellationToken cancellationToken,
    RemoteOptions remote,
    Optional<Executor> executor,
    MetricsSink metricsRegistry,
    Clock clock,
    String modelName,
    CacheSalt salt) {

  /** Checks the values. */
  public KvManagerRuntimeConfig {
    Objects.requireNonNull(cancellationToken, "cancellationToken");
    Objects.requireNonNull(remote, "remote");
    Objects.requireNonNull(executor, "executor");
    Objects.requireNonNull(metricsRegistry, "metricsRegistry");
    Objects.requireNonNull(clock, "clock");
    Objects.requireNonNull(modelName, "modelName");
    Objects.requireNonNull(salt, "salt");
  }

  /** {@return a builder: worker 0, nothing shared, no metrics, the machine's clock} */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link KvManagerRuntimeConfig}. */
  public static final class Builder {
    private long workerId;
    private CancellationToken cancellationToken = new CancellationToken();
    private RemoteOptions remote = RemoteOptions.DISABLED;
    private Optional<Executor> executor = Optional.empty();
    private MetricsSink metricsRegistry = MetricsSink.NULL;
    private Clock clock = Clock.SYSTEM;
    private String modelName = "";
    private CacheSalt salt = CacheSalt.NONE;

    private Builder() {}

    /**
     * {@return this builder}
     *
     * @param value this worker among others
     */
    public Builder workerId(long value) {
      workerId = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value ends pending calls when cancelled
     */
    public Builder cancellationToken(CancellationToken value) {
      cancellationToken = value;
      return this;
    }

    /**
     * {@return this builder; the manager makes its own agent (the specification's {@code
     * enable_nixl})}
     */
    public Builder enableRemote() {
      remote = RemoteOptions.ENABLED;
      return this;
    }

    /**
     * {@return this builder; a given agent is used (the specification's {@code use_nixl_agent})}
     *
     * @param agentName its name
     */
    public Builder useRemoteAgent(String agentName) {
      remote = RemoteOptions.useAgent(agentName);
      return this;
    }

    /** {@return this builder; nothing is shared (the specification's {@code disable_nixl})} */
    public Builder disableRemote() {
      remote = RemoteOptions.DISABLED;
      return this;
    }

    /** {@return as {@link #enableRemote()}} */
    public Builder enableNixl() {
      return enableRemote();
    }

    /**
     * {@return as {@link #useRemoteAgent}}
     *
     * @param agentName the agent's name
     */
    public Builder useNixlAgent(String agentName) {
      return useRemoteAgent(agentName);
    }

    /** {@return as {@link #disableRemote()}} */
    public Builder disableNixl() {
      return disableRemote();
    }

    /**
     * {@return this builder}
     *
     * @param value runs asynchronous calls (the specification's {@code async_runtime}); the caller
     *     closes it
     */
    public Builder executor(Executor value) {
      executor = Optional.of(value);
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value where to report
     */
    public Builder metricsRegistry(MetricsSink value) {
      metricsRegistry = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value time
     */
    public Builder clock(Clock value) {
      clock = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value what the blocks belong to
     */
    public Builder modelName(String value) {
      modelName = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value separates caches of one model
     */
    public Builder salt(CacheSalt value) {
      salt = value;
      return this;
    }

    /** {@return the configuration} */
    public KvManagerRuntimeConfig build() {
      return new KvManagerRuntimeConfig(
          workerId, cancellationToken, remote, executor, metricsRegistry, clock, modelName, salt);
    }
  }
}
