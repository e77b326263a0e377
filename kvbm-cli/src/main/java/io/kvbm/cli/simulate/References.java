package io.kvbm.cli.simulate;

import io.kvbm.cli.trace.Trace;
import org.agrona.collections.Long2LongHashMap;

/**
 * A trace with its distinct blocks numbered from 0 in the order of their first appearance, so that
 * the timed loop looks blocks up in arrays. Immutable.
 */
final class References {

  private static final long ABSENT = -1;

  private final int[] blocks;
  private final int[] starts;
  private final long[] hashes;
  private final int longest;

  private References(int[] blocks, int[] starts, long[] hashes, int longest) {
    this.blocks = blocks;
    this.starts = starts;
    this.hashes = hashes;
    this.longest = longest;
  }

  static References of(Trace trace) {
    int[] blocks = new int[trace.blockCount()];
    int[] starts = new int[trace.requestCount() + 1];
    Long2LongHashMap numbers = new Long2LongHashMap(ABSENT);
    int longest = 0;
    for (int request = 0, index = 0; request < trace.requestCount(); request++) {
      int length = trace.blockCount(request);
      longest = Math.max(longest, length);
      for (int position = 0; position < length; position++) {
        blocks[index++] = number(trace.hash(request, position), numbers);
      }
      starts[request + 1] = index;
    }
    long[] hashes = new long[numbers.size()];
    numbers.forEachLong((hash, number) -> hashes[(int) number] = hash);
    return new References(blocks, starts, hashes, longest);
  }

  private static int number(long hash, Long2LongHashMap numbers) {
    long number = numbers.get(hash);
    if (number == ABSENT) {
      number = numbers.size();
      numbers.put(hash, number);
    }
    return (int) number;
  }

  int requestCount() {
    return starts.length - 1;
  }

  /** How many blocks all requests name together. */
  int count() {
    return blocks.length;
  }

  /** How many distinct blocks there are. */
  int uniqueCount() {
    return hashes.length;
  }

  /** How many blocks the longest request names. */
  int longestRequest() {
    return longest;
  }

  /**
   * The index of the first reference of a request; that of the request behind the last is {@link
   * #count}.
   */
  int start(int request) {
    return starts[request];
  }

  /** The number of the block at an index. */
  int block(int index) {
    return blocks[index];
  }

  /** The hash of a block by its number. */
  long hash(int block) {
    return hashes[block];
  }
}
