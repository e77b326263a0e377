package io.kvbm.api.store;

import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Puts and deletes that take effect together or not at all. For one thread. */
@Stability(Stability.Level.STABLE)
public final class ObjectBatch {

  private final List<Step> steps = new ArrayList<>();

  /** Creates an empty batch. */
  public ObjectBatch() {}

  /** A step of a batch. */
  public sealed interface Step {

    /** {@return the key it touches} */
    String key();

    /**
     * Puts an object.
     *
     * @param key its key
     * @param value its bytes; read when the batch is applied
     * @param options how; the durability of the whole batch is the strongest of its steps
     */
    record Put(String key, MemorySegment value, PutOptions options) implements Step {}

    /**
     * Deletes an object; does nothing if there is none.
     *
     * @param key its key
     */
    record Delete(String key) implements Step {}
  }

  /**
   * Adds a put.
   *
   * @param key the object's key
   * @param value its bytes; they must not change before the batch is applied
   * @param options how to put it
   * @return this batch
   */
  public ObjectBatch put(String key, MemorySegment value, PutOptions options) {
    steps.add(
        new Step.Put(
            Objects.requireNonNull(key),
            Objects.requireNonNull(value),
            Objects.requireNonNull(options)));
    return this;
  }

  /**
   * Adds a delete.
   *
   * @param key the object's key
   * @return this batch
   */
  public ObjectBatch delete(String key) {
    steps.add(new Step.Delete(Objects.requireNonNull(key)));
    return this;
  }

  /** {@return the steps in order} */
  public List<Step> steps() {
    return List.copyOf(steps);
  }
}
