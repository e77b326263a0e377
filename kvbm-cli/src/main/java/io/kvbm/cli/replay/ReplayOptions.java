package io.kvbm.cli.replay;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tiering.TieringOptions;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How to replay.
 *
 * @param capacities blocks of each tier, 0 for no such tier
 * @param backends the backend of each tier
 * @param blockByteSize bytes of a block
 * @param policies the eviction policy of each tier
 * @param settings what is configured of each backend, by its name
 * @param diskDirectory where the disk tier keeps its file, or null for the backend's own place
 * @param sabotage how many stored blocks to change behind the checks
 * @param tiering how the tiers work together
 * @param deadlineNanos how long a request waits for its blocks; 0 = as long as it takes
 * @param diskBytesPerSecond how fast the disk tier is made to be at most, or 0 for as fast as it is
 * @param recompute what computing a missing block takes
 * @param speed how many times faster than recorded requests arrive; 0 = one after the other
 * @param peer what this process is among several, or null where it is alone
 */
record ReplayOptions(
    Map<CacheLevel, Integer> capacities,
    Map<CacheLevel, String> backends,
    long blockByteSize,
    Map<CacheLevel, String> policies,
    Map<String, BackendConfig> settings,
    @Nullable Path diskDirectory,
    int sabotage,
    TieringOptions tiering,
    long deadlineNanos,
    long diskBytesPerSecond,
    RecomputeCost recompute,
    double speed,
    @Nullable PeerIdentity peer) {

  /** {@return these options with another place for the disk tier} */
  ReplayOptions in(Path directory) {
    return new ReplayOptions(
        capacities,
        backends,
        blockByteSize,
        policies,
        settings,
        directory,
        sabotage,
        tiering,
        deadlineNanos,
        diskBytesPerSecond,
        recompute,
        speed,
        peer);
  }

  /** {@return where scratch files of the disk tier go} */
  Path scratchParent() {
    return settings
        .getOrDefault(backend(CacheLevel.DISK), BackendConfig.empty())
        .path("dir")
        .orElse(Path.of("/tmp"));
  }

  long byteSize(CacheLevel level) {
    return capacity(level) * blockByteSize;
  }

  int capacity(CacheLevel level) {
    return Objects.requireNonNull(capacities.get(level));
  }

  String backend(CacheLevel level) {
    return Objects.requireNonNull(backends.get(level));
  }

  String policy(CacheLevel level) {
    return Objects.requireNonNull(policies.get(level));
  }
}
