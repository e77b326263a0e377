package io.kvbm.core.tier;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.Locality;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.transfer.BlockPlace;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A pool and where its blocks' bytes are.
 *
 * @param level which tier it is
 * @param pool its blocks
 * @param storageKind the kind of its storage, for metrics
 * @param shards where the shards of its blocks are, for a logical tier whose leader has workers
 */
public record Tier(
    CacheLevel level, BlockPool pool, String storageKind, BlockPlace.@Nullable Sharded shards) {

  /**
   * Creates a tier whose blocks are not in shards.
   *
   * @param level which tier it is
   * @param pool its blocks
   * @param storageKind the kind of its storage, for metrics
   */
  public Tier(CacheLevel level, BlockPool pool, String storageKind) {
    this(level, pool, storageKind, null);
  }

  /** Checks the values. */
  public Tier {
    Objects.requireNonNull(level, "level");
    Objects.requireNonNull(pool, "pool");
    Objects.requireNonNull(storageKind, "storageKind");
  }

  /** {@return the name in messages, metrics and reports} */
  public String name() {
    return level.text();
  }

  /**
   * {@return where the bytes are now; blocks may be added to the pool}
   *
   * @throws CallerException with {@link ErrorCode#VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS} for a
   *     logical tier without workers
   */
  public BlockPlace place() {
    if (shards != null) {
      return shards;
    }
    Optional<BlockPlace> laidOut = pool.layout().map(BlockPlace.LaidOut::new);
    return laidOut
        .or(() -> pool.store().map(store -> new BlockPlace.Keyed(store, pool.shape(), storageKind)))
        .orElseThrow(
            () ->
                new CallerException(
                    ErrorCode.VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS,
                    "the blocks of the logical "
                        + name()
                        + " tier have no bytes to move; give the manager workers"));
  }

  /** {@return whether the blocks have bytes here} */
  public boolean isLocal() {
    return pool.layout().isPresent() || pool.store().isPresent();
  }

  /** {@return whether blocks can be moved: they have bytes here, or shards on workers} */
  public boolean isMovable() {
    return isLocal() || shards != null;
  }

  /** {@return where blocks of this tier are} */
  public Locality locality() {
    return isLocal() ? Locality.LOCAL : Locality.LOGICAL;
  }
}
