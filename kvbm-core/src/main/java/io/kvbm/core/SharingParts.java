package io.kvbm.core;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.RemoteOptions;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import io.kvbm.core.remote.Publisher;
import io.kvbm.core.remote.Sharing;
import io.kvbm.core.remote.SharingEnvironment;
import io.kvbm.core.remote.SharingOptions;
import io.kvbm.core.tiering.TieringEngine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sets up what a manager shares, as its configuration says. */
final class SharingParts {

  private final KvBlockManagerConfig config;
  private final Platform platform;
  private final OwnedParts owned;

  SharingParts(KvBlockManagerConfig config, Platform platform, OwnedParts owned) {
    this.config = config;
    this.platform = platform;
    this.owned = owned;
  }

  /**
   * {@return the sharing, which is closed with the parts; the agent with it where it is its own}
   */
  Sharing build(
      TieringEngine tiering,
      HashScheme hashScheme,
      SharingOptions options,
      MetricsSink metrics,
      @Nullable Publisher publisher) {
    RemoteAgent agent = agent();
    Sharing sharing =
        new Sharing(
            tiering,
            agent,
            config.runtime().workerId(),
            BlockFingerprint.of(config, hashScheme, tiering.tiers().getFirst().pool().shape()),
            options,
            new SharingEnvironment(
                platform.transfers(),
                platform.clock(),
                platform.deadlines(),
                platform.executor(),
                platform.compute(),
                platform::layout,
                this::hostMemory,
                metrics),
            publisher);
    owned.add(sharing);
    if (!options.directory().isEmpty()) {
      sharing.join(
          platform.directory(options.directory(), sharing.self(), sharing.members()),
          tiering,
          options);
      tiering.peers(sharing);
      owned.add(() -> tiering.peers(null));
    }
    return sharing;
  }

  /** {@return who announces what is lent; null where nobody does} */
  static @Nullable Publisher publisher(
      KvBlockManagerConfig config, SharingOptions options, int expectedBlocks) {
    boolean announces =
        config.runtime().remote().mode() != RemoteOptions.Mode.DISABLED
            && options.publish()
            && !options.directory().isEmpty();
    return announces ? new Publisher(Math.max(1 << 16, 2 * expectedBlocks)) : null;
  }

  private RemoteAgent agent() {
    RemoteOptions remote = config.runtime().remote();
    if (remote.mode() == RemoteOptions.Mode.USE_AGENT) {
      return platform.agent(remote.agentName());
    }
    RemoteAgent agent = platform.openAgent("", SharedAgents.nameOf(config.runtime().workerId()));
    owned.add(() -> platform.agents().close(agent));
    return agent;
  }

  /** Page-locked where there is some: devices copy to and from it without a bounce. */
  private StorageAllocator hostMemory() {
    KvbmException first = null;
    for (StorageType kind : List.of(StorageType.PINNED, StorageType.SYSTEM)) {
      try {
        return platform.allocator(kind.kind());
      } catch (KvbmException e) {
        first = first == null ? e : first;
      }
    }
    throw new CallerException(
        ErrorCode.UNSUPPORTED,
        "no installed backend has host memory to stage lent blocks in; set sharing.staging to 0",
        first);
  }
}
