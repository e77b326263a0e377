package io.kvbm.core.prefetch;

/**
 * Stops prefetching while it does not pay: it is open until too large a share of a sample was
 * wasted, then closed for a pause, then lets half a sample through to see. A good one opens it, a
 * bad one closes it for twice as long. Not thread safe.
 */
final class WasteThrottle {

  private enum State {
    OPEN,
    CLOSED,
    PROBING
  }

  private final PrefetchConfig config;
  private State state = State.OPEN;
  private double usedBytes;
  private double wastedBytes;
  private long probeLeft;
  private long closedUntilNanos;
  private long pauseNanos;
  private long pauses;

  /** Only what was loaded in the present epoch is judged: what comes late belongs to the past. */
  private int epoch;

  WasteThrottle(PrefetchConfig config) {
    this.config = config;
    pauseNanos = config.pauseNanos();
  }

  int epoch() {
    return epoch;
  }

  long pauses() {
    return pauses;
  }

  boolean isPaused(long nowNanos) {
    return state == State.CLOSED && nowNanos - closedUntilNanos < 0;
  }

  /** Returns how many bytes may be loaded now. */
  long allowance(long nowNanos) {
    if (isPaused(nowNanos)) {
      return 0;
    }
    if (state == State.CLOSED) {
      begin(State.PROBING);
      probeLeft = Math.max(config.blockByteSize(), config.sampleByteSize() / 2);
    }
    return state == State.PROBING ? probeLeft : Long.MAX_VALUE;
  }

  /** Bytes are about to be loaded, or, where negative, were not loaded after all. */
  void reserve(long byteSize, int ofEpoch) {
    if (state == State.PROBING && ofEpoch == epoch) {
      probeLeft -= byteSize;
    }
  }

  /** Bytes were used or are gone. */
  void settle(long byteSize, boolean used, int ofEpoch, long nowNanos) {
    if (ofEpoch != epoch || state == State.CLOSED) {
      return;
    }
    if (used) {
      usedBytes += byteSize;
    } else {
      wastedBytes += byteSize;
    }
    double judged = usedBytes + wastedBytes;
    double sample =
        state == State.PROBING ? config.sampleByteSize() / 4.0 : config.sampleByteSize();
    if (judged < sample) {
      return;
    }
    if (wastedBytes > config.wasteLimit() * judged) {
      close(nowNanos);
    } else if (state == State.PROBING) {
      begin(State.OPEN);
      pauseNanos = config.pauseNanos();
    } else if (judged >= 2 * sample) {
      usedBytes /= 2;
      wastedBytes /= 2;
    }
  }

  private void close(long nowNanos) {
    if (state == State.PROBING) {
      pauseNanos = Math.min(config.maxPauseNanos(), 2 * pauseNanos);
    }
    begin(State.CLOSED);
    closedUntilNanos = nowNanos + pauseNanos;
    pauses++;
  }

  private void begin(State next) {
    state = next;
    epoch++;
    usedBytes = 0;
    wastedBytes = 0;
  }
}
