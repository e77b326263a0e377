package io.kvbm.api.event;

import io.kvbm.api.Stability;
import io.kvbm.api.block.SequenceHash;

/** The default event manager: it does nothing. */
@Stability(Stability.Level.STABLE)
public final class NullEventManager implements EventManager {

  /** The one instance needed. */
  public static final NullEventManager INSTANCE = new NullEventManager();

  /** Creates one; {@link #INSTANCE} does as well. */
  public NullEventManager() {}

  @Override
  public void blockAllocated(int blockId) {}

  @Override
  public void blockRegistered(int blockId, SequenceHash sequenceHash) {}

  @Override
  public void blockMatched(int blockId, SequenceHash sequenceHash) {}

  @Override
  public void blockEvicted(int blockId) {}
}
