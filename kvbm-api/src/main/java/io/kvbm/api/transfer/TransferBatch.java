package io.kvbm.api.transfer;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Copies to be made together along one route. A batch moves one or several blocks; a block is one
 * or several copies (one where both layouts keep it in one run, layers × outer otherwise). Results
 * are per block.
 *
 * <p>Immutable and safe from any thread. It names storages, it does not own them: whoever submits
 * it holds a lease on each until the batch is drained.
 */
@Stability(Stability.Level.STABLE)
public final class TransferBatch {

  private final Route route;
  private final int size;
  private final int blockCount;
  private final Storage[] sources;
  private final Storage[] targets;
  private final long[] offsets;
  private final int[] blocks;

  private TransferBatch(Builder builder) {
    if (builder.route == null) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "a batch needs at least one copy; it has none");
    }
    this.route = builder.route;
    this.size = builder.size;
    this.blockCount = builder.lastBlock + 1;
    this.sources = Arrays.copyOf(builder.sources, size);
    this.targets = Arrays.copyOf(builder.targets, size);
    this.offsets = Arrays.copyOf(builder.offsets, 3 * size);
    this.blocks = Arrays.copyOf(builder.blocks, size);
  }

  /** {@return a builder of an empty batch} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the route every copy takes} */
  public Route route() {
    return route;
  }

  /** {@return how many copies there are} */
  public int size() {
    return size;
  }

  /** {@return how many blocks there are} */
  public int blockCount() {
    return blockCount;
  }

  /**
   * {@return which block a copy belongs to, from 0; copies of a block follow each other}
   *
   * @param copy index of the copy
   */
  public int block(int copy) {
    return blocks[copy];
  }

  /**
   * {@return where a copy reads}
   *
   * @param copy index of the copy
   */
  public Storage source(int copy) {
    return sources[copy];
  }

  /**
   * {@return where a copy writes}
   *
   * @param copy index of the copy
   */
  public Storage target(int copy) {
    return targets[copy];
  }

  /**
   * {@return the first byte a copy reads, in its source}
   *
   * @param copy index of the copy
   */
  public long sourceOffset(int copy) {
    return offsets[3 * copy];
  }

  /**
   * {@return the first byte a copy writes, in its target}
   *
   * @param copy index of the copy
   */
  public long targetOffset(int copy) {
    return offsets[3 * copy + 1];
  }

  /**
   * {@return how many bytes a copy moves}
   *
   * @param copy index of the copy
   */
  public long byteSize(int copy) {
    return offsets[3 * copy + 2];
  }

  /**
   * {@return what a copy reads, as a region}
   *
   * @param copy index of the copy
   */
  public Region sourceRegion(int copy) {
    return sources[copy].region().slice(sourceOffset(copy), byteSize(copy));
  }

  /**
   * {@return what a copy writes, as a region}
   *
   * @param copy index of the copy
   */
  public Region targetRegion(int copy) {
    return targets[copy].region().slice(targetOffset(copy), byteSize(copy));
  }

  /** {@return how many bytes all copies move} */
  public long totalByteSize() {
    long total = 0;
    for (int i = 0; i < size; i++) {
      total += byteSize(i);
    }
    return total;
  }

  /** Collects copies. For one thread. */
  public static final class Builder {
    private @Nullable Route route;
    private int size;
    private int lastBlock = -1;
    private Storage[] sources = new Storage[8];
    private Storage[] targets = new Storage[8];
    private long[] offsets = new long[24];
    private int[] blocks = new int[8];

    private Builder() {}

    /**
     * Adds a copy.
     *
     * @param block the block it belongs to: that of the copy before it, or one more
     * @param source where it reads
     * @param sourceOffset the first byte it reads
     * @param target where it writes; of the same kinds as the copies before
     * @param targetOffset the first byte it writes
     * @param byteSize how many bytes, above 0
     * @return this builder
     * @throws CallerException if a range leaves its storage, the kinds differ or blocks are out of
     *     order
     */
    public Builder add(
        int block,
        Storage source,
        long sourceOffset,
        Storage target,
        long targetOffset,
        long byteSize) {
      if (block < 0 || block != lastBlock && block != lastBlock + 1) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            lastBlock < 0
                ? "the first copy is of block " + block + ", not of block 0"
                : "copy of block " + block + " follows block " + lastBlock);
      }
      check(source, sourceOffset, byteSize);
      check(target, targetOffset, byteSize);
      if (route == null) {
        route = Route.between(source, target);
      } else if (!route.source().kind().equals(source.type().kind())
          || !route.target().kind().equals(target.type().kind())) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "a batch takes one route: " + route + " and " + Route.between(source, target));
      }
      if (size == blocks.length) {
        sources = Arrays.copyOf(sources, 2 * size);
        targets = Arrays.copyOf(targets, 2 * size);
        offsets = Arrays.copyOf(offsets, 6 * size);
        blocks = Arrays.copyOf(blocks, 2 * size);
      }
      sources[size] = source;
      targets[size] = target;
      offsets[3 * size] = sourceOffset;
      offsets[3 * size + 1] = targetOffset;
      offsets[3 * size + 2] = byteSize;
      blocks[size++] = block;
      lastBlock = block;
      return this;
    }

    /**
     * {@return the batch}
     *
     * @throws CallerException if no copy was added
     */
    public TransferBatch build() {
      return new TransferBatch(this);
    }

    private static void check(Storage storage, long offset, long byteSize) {
      if (offset < 0 || byteSize <= 0 || offset > storage.byteSize() - byteSize) {
        throw new CallerException(
            ErrorCode.OUT_OF_BOUNDS,
            "copy of bytes [%d, %d + %d) leaves the %s storage of %d bytes"
                .formatted(offset, offset, byteSize, storage.type(), storage.byteSize()));
      }
    }
  }
}
