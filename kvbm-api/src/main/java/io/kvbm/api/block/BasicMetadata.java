package io.kvbm.api.block;

import java.util.OptionalLong;

/** The default metadata: a priority and when the block was last acquired and returned. */
public final class BasicMetadata implements BlockMetadata {

  private volatile int priority;
  private volatile long acquiredTick;
  private volatile long returnedTick;

  /** Creates metadata of priority 0. */
  public BasicMetadata() {}

  /**
   * Creates metadata.
   *
   * @param priority higher is evicted later and offloaded earlier
   */
  public BasicMetadata(int priority) {
    this.priority = priority;
  }

  @Override
  public void onAcquired(long tick) {
    acquiredTick = tick;
  }

  @Override
  public void onReturned(long tick) {
    returnedTick = tick;
  }

  @Override
  public BlockMetadata reset() {
    return new BasicMetadata();
  }

  @Override
  public OptionalLong offloadPriority() {
    return OptionalLong.of(priority);
  }

  @Override
  public int priority() {
    return priority;
  }

  /**
   * Sets the priority; it counts from the next time the block is returned or offloaded.
   *
   * @param value higher is evicted later and offloaded earlier
   */
  public void setPriority(int value) {
    priority = value;
  }

  /** {@return when the block was last acquired, in ticks} */
  public long acquiredTick() {
    return acquiredTick;
  }

  /** {@return when the block was last returned, in ticks} */
  public long returnedTick() {
    return returnedTick;
  }
}
