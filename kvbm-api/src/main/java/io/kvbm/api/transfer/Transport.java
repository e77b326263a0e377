package io.kvbm.api.transfer;

import io.kvbm.api.Stability;

/**
 * Moves bytes between storages. Threading: safe from any thread.
 *
 * <p>Chosen by {@link #supports}, never by name; where several support a route the cheaper one is
 * taken.
 */
@Stability(Stability.Level.STABLE)
public interface Transport {

  /** {@return the name in metrics and messages} */
  String name();

  /**
   * {@return whether this transport moves bytes along a route}
   *
   * @param route from one kind of memory to another
   */
  boolean supports(Route route);

  /**
   * {@return the cost of a route relative to other transports: lower is preferred}
   *
   * @param route a supported route
   */
  default int cost(Route route) {
    return 100;
  }

  /**
   * Starts the copies of a batch and returns without waiting, unless the copies are short memory
   * copies.
   *
   * @param batch what to copy; its route is supported
   * @param completion told what became of each block
   * @implSpec never throws: a batch that cannot be started is reported block by block as failed,
   *     then drained. A copy that moves fewer bytes than asked is a failure, not a success.
   */
  void submit(TransferBatch batch, TransferCompletion completion);
}
