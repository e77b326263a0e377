package io.kvbm.cli.simulate;

import io.kvbm.cli.trace.Trace;
import java.util.SplittableRandom;

/** Small random traces, with repeats, empty requests and requests larger than the tier. */
final class RandomTraces {

  private RandomTraces() {}

  static Trace make(long seed, int requests, int maxLength, int ids) {
    SplittableRandom random = new SplittableRandom(seed);
    Trace.Builder trace = new Trace.Builder();
    for (int i = 0; i < requests; i++) {
      int length = random.nextInt(maxLength + 1);
      int base = random.nextInt(4) * 3;
      for (int position = 0; position < length; position++) {
        boolean follows = random.nextInt(4) > 0;
        trace.addBlock(scatter((follows ? base + position : random.nextInt(ids)) % ids));
      }
      trace.endRequest(i);
    }
    return trace.build("seed " + seed);
  }

  /** Hashes are not dense, and half of them are negative as a long. */
  private static long scatter(long id) {
    return id * 0x9E3779B97F4A7C15L;
  }
}
