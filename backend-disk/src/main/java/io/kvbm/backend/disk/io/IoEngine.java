package io.kvbm.backend.disk.io;

import io.kvbm.api.KvbmException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Runs requests on files. Requests of one batch and of different batches run in any order and at
 * the same time; whoever needs an order waits in between. A sync covers the writes that were
 * completed when it was submitted.
 *
 * <p>Threading: safe from any thread. An interrupt of a caller never reaches a file.
 */
public interface IoEngine extends AutoCloseable {

  /** {@return {@code io_uring}, {@code direct}, {@code buffered} or {@code inline}} */
  String name();

  /**
   * Takes a batch on. Never throws for a single request.
   *
   * @param batch the requests
   * @throws io.kvbm.api.ClosedException if the engine is closed; then no request was taken
   */
  void submit(List<IoRequest> batch);

  /** {@return how many requests the engine keeps at the device at once; more wait in its queue} */
  int depth();

  /** {@return one line on how the engine runs, for people} */
  default String details() {
    return name();
  }

  /** {@return what the engine did so far; nothing where it does not count} */
  default IoStatistics statistics() {
    return new IoCounters().statistics();
  }

  /**
   * Makes memory known to the kernel, where the engine can use that. Never fails: memory that
   * cannot be registered is used as any other.
   *
   * @param memory off-heap; stays allocated until the result is closed
   * @return closed before the memory is freed
   */
  default RegisteredBuffers registerBuffers(MemorySegment memory) {
    return RegisteredBuffers.NONE;
  }

  /**
   * {@return an arena for memory that requests name; the caller closes it}
   *
   * <p>Its memory may be used from any thread, as the engine does; an engine that does all its work
   * on the one thread there is may give a cheaper one.
   */
  default Arena newArena() {
    return Arena.ofShared();
  }

  /** Waits until every request is released, then ends its threads. Later calls do nothing. */
  @Override
  void close();

  /**
   * Runs requests and waits until all are answered and released, also where the caller is
   * interrupted (the interrupt is kept).
   *
   * @param batch requests; their callbacks are told as well
   * @throws KvbmException the first failure
   */
  default void run(List<IoRequest> batch) {
    Waiter.run(this, batch);
  }
}
