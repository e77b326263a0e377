package io.kvbm.cli.trace;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import java.util.Arrays;

/**
 * A recorded or generated workload: requests in the order they are served, each the list of the
 * hashes of its blocks, first block first.
 *
 * <p>Immutable and thread-safe. All hashes lie in one array, so that millions of blocks cost 8
 * bytes each.
 */
public final class Trace {

  private final String name;
  private final long[] timestamps;
  private final int[] ends;
  private final long[] hashes;

  private Trace(String name, long[] timestamps, int[] ends, long[] hashes) {
    this.name = name;
    this.timestamps = timestamps;
    this.ends = ends;
    this.hashes = hashes;
  }

  /** {@return where it comes from, as the user gave it} */
  public String name() {
    return name;
  }

  /** {@return how many requests there are} */
  public int requestCount() {
    return ends.length;
  }

  /** {@return how many blocks all requests name together, each mention counted} */
  public int blockCount() {
    return hashes.length;
  }

  /**
   * {@return how many blocks the request names}
   *
   * @param request its index
   */
  public int blockCount(int request) {
    return end(request) - start(request);
  }

  /**
   * {@return when the request arrives, in nanoseconds since the trace's zero}
   *
   * @param request its index
   */
  public long timestampNanos(int request) {
    return timestamps[request];
  }

  /**
   * {@return the hash of a block of a request, an unsigned 64-bit number}
   *
   * @param request its index
   * @param position the block's place in the request, from 0
   */
  public long hash(int request, int position) {
    int index = start(request) + position;
    if (position < 0 || index >= end(request)) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "request %d has %d blocks, not a block %d"
              .formatted(request, blockCount(request), position));
    }
    return hashes[index];
  }

  /**
   * {@return a copy of the hashes of a request}
   *
   * @param request its index
   */
  public long[] hashes(int request) {
    return Arrays.copyOfRange(hashes, start(request), end(request));
  }

  private int start(int request) {
    return request == 0 ? 0 : ends[request - 1];
  }

  private int end(int request) {
    return ends[request];
  }

  /** Collects requests. Not thread-safe. */
  public static final class Builder {

    /** A little below the largest array a JVM makes. */
    private static final int MAX_BLOCKS = Integer.MAX_VALUE - 8;

    private long[] timestamps = new long[64];
    private int[] ends = new int[64];
    private long[] hashes = new long[1024];
    private int requestCount;
    private int blockCount;

    /** Makes a builder without requests. */
    public Builder() {}

    /**
     * Adds a block to the request that {@link #endRequest} will end.
     *
     * @param hash an unsigned 64-bit number
     * @return this builder
     * @throws CapacityException if a trace cannot hold more blocks
     */
    public Builder addBlock(long hash) {
      if (blockCount == hashes.length) {
        hashes = Arrays.copyOf(hashes, grown(blockCount));
      }
      hashes[blockCount++] = hash;
      return this;
    }

    /**
     * Ends a request with the blocks added since the one before; it may have none.
     *
     * @param timestampNanos when it arrives
     * @return this builder
     */
    public Builder endRequest(long timestampNanos) {
      if (requestCount == ends.length) {
        int length = grown(requestCount);
        ends = Arrays.copyOf(ends, length);
        timestamps = Arrays.copyOf(timestamps, length);
      }
      timestamps[requestCount] = timestampNanos;
      ends[requestCount++] = blockCount;
      return this;
    }

    /** {@return how many requests were ended} */
    public int requestCount() {
      return requestCount;
    }

    /**
     * {@return the trace}
     *
     * @param name where it comes from
     */
    public Trace build(String name) {
      return new Trace(
          name,
          Arrays.copyOf(timestamps, requestCount),
          Arrays.copyOf(ends, requestCount),
          Arrays.copyOf(hashes, requestCount == 0 ? 0 : ends[requestCount - 1]));
    }

    private static int grown(int length) {
      if (length == MAX_BLOCKS) {
        throw new CapacityException(
            ErrorCode.ALLOCATION_FAILED,
            "a trace holds at most %d blocks; split it".formatted(MAX_BLOCKS),
            length + 1L,
            MAX_BLOCKS);
      }
      return (int) Math.min(MAX_BLOCKS, length * 2L);
    }
  }
}
