package io.kvbm.api.block;

import io.kvbm.api.Stability;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.OptionalLong;

/**
 * The default metadata: a priority and when the block was last acquired and returned.
 *
 * <p>Threading: safe from any thread. The ticks order nothing else: who reads them sees recent
 * values, and never a mixture of two.
 */
@Stability(Stability.Level.STABLE)
public final class BasicMetadata implements BlockMetadata {

  private static final VarHandle ACQUIRED;
  private static final VarHandle RETURNED;

  static {
    try {
      MethodHandles.Lookup own = MethodHandles.lookup();
      ACQUIRED = own.findVarHandle(BasicMetadata.class, "acquiredTick", long.class);
      RETURNED = own.findVarHandle(BasicMetadata.class, "returnedTick", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile int priority;

  // Opaque: a volatile write would stall every match and every close until it is seen everywhere.
  @SuppressWarnings("UnusedVariable") // read through ACQUIRED
  private long acquiredTick;

  @SuppressWarnings("UnusedVariable") // read through RETURNED
  private long returnedTick;

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
    ACQUIRED.setOpaque(this, tick);
  }

  @Override
  public void onReturned(long tick) {
    RETURNED.setOpaque(this, tick);
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
    return (long) ACQUIRED.getOpaque(this);
  }

  /** {@return when the block was last returned, in ticks} */
  public long returnedTick() {
    return (long) RETURNED.getOpaque(this);
  }
}
