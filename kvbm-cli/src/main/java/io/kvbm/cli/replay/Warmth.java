package io.kvbm.cli.replay;

import org.jspecify.annotations.Nullable;

/**
 * What a former run left in the disk tier, and what came of it.
 *
 * @param recovered blocks found on disk when the replay began
 * @param hits how many different ones of them were served from there at least once
 * @param recoveryNanos how long it took to find them
 */
record Warmth(int recovered, int hits, long recoveryNanos) {

  private static final Warmth NONE = new Warmth(0, 0, 0);

  static Warmth of(@Nullable WarmBlocks blocks) {
    return blocks == null
        ? NONE
        : new Warmth(blocks.recovered(), blocks.hits(), blocks.recoveryNanos());
  }

  double recoverySeconds() {
    return recoveryNanos / 1e9;
  }
}
