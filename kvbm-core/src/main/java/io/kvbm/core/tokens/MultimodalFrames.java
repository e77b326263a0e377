package io.kvbm.core.tokens;

import io.kvbm.api.hash.MultimodalRun;
import io.kvbm.api.hash.TokenSpan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The bytes of a block that holds placeholders of images, video or audio. Every slot becomes a
 * frame of 13 bytes, little endian: tag 0, the token, eight zeros; or tag 1, the index in the run,
 * the content's hash. The token id under a placeholder does not count. Blocks without placeholders
 * keep four bytes a token, so no block can pass for another.
 */
final class MultimodalFrames {

  private static final int FRAME_BYTES = 1 + Integer.BYTES + Long.BYTES;
  private static final byte TOKEN = 0;
  private static final byte PLACEHOLDER = 1;

  private MultimodalFrames() {}

  /** {@return whether a run reaches into the block} */
  static boolean apply(TokenSpan block) {
    if (block.runs().isEmpty()) {
      return false;
    }
    long start = start(block);
    for (MultimodalRun run : block.runs()) {
      if (run.offset() < start + block.length() && run.offset() + run.length() > start) {
        return true;
      }
    }
    return false;
  }

  /** {@return the frames of the block's slots} */
  static byte[] encode(TokenSpan block) {
    ByteBuffer frames =
        ByteBuffer.allocate(FRAME_BYTES * block.length()).order(ByteOrder.LITTLE_ENDIAN);
    List<MultimodalRun> runs = block.runs();
    long start = start(block);
    int next = 0;
    for (int slot = 0; slot < block.length(); slot++) {
      long position = start + slot;
      while (next < runs.size() && runs.get(next).offset() + runs.get(next).length() <= position) {
        next++;
      }
      if (next < runs.size() && runs.get(next).offset() <= position) {
        MultimodalRun run = runs.get(next);
        frames.put(PLACEHOLDER).putInt((int) (position - run.offset())).putLong(run.contentHash());
      } else {
        frames.put(TOKEN).putInt(block.tokens()[block.offset() + slot]).putLong(0);
      }
    }
    return frames.array();
  }

  private static long start(TokenSpan block) {
    return (long) block.position() * block.length();
  }
}
