package io.kvbm.core.cost;

import java.util.function.ObjLongConsumer;

/**
 * A load under way along a route. Whoever began it ends it, once nothing of it moves any more;
 * until then the route counts it with the time it has taken so far. Threading: safe from any
 * thread.
 */
public final class Flight {

  private final long byteSize;
  private final long beganAt;
  private final ObjLongConsumer<Flight> end;

  Flight(long byteSize, long beganAt, ObjLongConsumer<Flight> end) {
    this.byteSize = byteSize;
    this.beganAt = beganAt;
    this.end = end;
  }

  long byteSize() {
    return byteSize;
  }

  long beganAt() {
    return beganAt;
  }

  /**
   * Ends the load. Later calls do nothing.
   *
   * @param movedByteSize the bytes that arrived; with 0 its time is not measured
   */
  public void end(long movedByteSize) {
    end.accept(this, movedByteSize);
  }
}
