package io.kvbm.core.transfer;

import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.store.BlockStore;
import java.util.Objects;

/** Where blocks are moved from or to. Owns nothing. */
public sealed interface BlockPlace {

  /** {@return the shape of its blocks} */
  LayoutConfig shape();

  /** {@return how many slots there are} */
  int slots();

  /** {@return the storage kind, as it stands in metrics} */
  String kind();

  /**
   * Blocks in storages.
   *
   * @param layout where each region lies; all its storages are of one kind
   */
  record LaidOut(Layout layout) implements BlockPlace {
    /** Checks that there is a layout. */
    public LaidOut {
      Objects.requireNonNull(layout, "layout");
    }

    @Override
    public LayoutConfig shape() {
      return layout.config();
    }

    @Override
    public int slots() {
      return layout.config().numBlocks();
    }

    @Override
    public String kind() {
      return layout.storage(0).type().kind();
    }
  }

  /**
   * Blocks under their keys in a store, in (layer, outer) order without padding.
   *
   * @param store stays open for as long as transfers run
   * @param shape the shape of the blocks kept there
   * @param kind the storage kind the store stands for, for instance {@code disk}
   */
  record Keyed(BlockStore store, LayoutConfig shape, String kind) implements BlockPlace {
    /** Checks that nothing is missing. */
    public Keyed {
      Objects.requireNonNull(store, "store");
      Objects.requireNonNull(shape, "shape");
      Objects.requireNonNull(kind, "kind");
    }

    /**
     * Blocks in a store whose kind nobody knows.
     *
     * @param store stays open for as long as transfers run
     * @param shape the shape of the blocks kept there
     */
    public Keyed(BlockStore store, LayoutConfig shape) {
      this(store, shape, "store");
    }

    @Override
    public int slots() {
      return store.slots();
    }
  }

  /**
   * Blocks in shards, one on each of several workers; moved whole, to another set of the same
   * workers.
   *
   * @param workers copy the shards
   * @param set which of their sets, from 0
   * @param shape the shape of the blocks, as their leader sees them
   */
  record Sharded(ShardCopies workers, int set, LayoutConfig shape) implements BlockPlace {

    /** The kind of storage in metrics. */
    public static final String KIND = "logical";

    /** Checks that nothing is missing. */
    public Sharded {
      Objects.requireNonNull(workers, "workers");
      Objects.requireNonNull(shape, "shape");
    }

    @Override
    public int slots() {
      return shape.numBlocks();
    }

    @Override
    public String kind() {
      return KIND;
    }
  }
}
