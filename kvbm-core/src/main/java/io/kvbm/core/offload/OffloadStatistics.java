package io.kvbm.core.offload;

/**
 * What one edge did with the blocks given to it, at one moment: {@code submitted} is always the sum
 * of {@code joined}, {@code queued}, {@code inFlight} and {@link #settled()}.
 *
 * @param submitted blocks asked for, or registered where that asks for them
 * @param joined those that were queued or in flight already, and share what becomes of that
 * @param queued waiting
 * @param inFlight started and not drained
 * @param bytesInFlight their bytes
 * @param oldestQueuedNanos how long the oldest one queued has waited; 0 if there is none
 * @param copied copied to the target
 * @param copiedByteSize their bytes
 * @param present that the target had already
 * @param gone evicted before their turn
 * @param notAdmitted refused by the admission policy, or not seen often enough
 * @param queueFull left out for want of room in the queue
 * @param noRoom left out for want of room in the target
 * @param failed not copied because of an error, or not drained in time: as its batch stalled, as
 *     too many others had, or at the close
 * @param cancelled cancelled, or queued at the close
 * @param undrained of the failed ones, those that were in flight when the close ended
 * @param stalled of the failed ones, those whose batch took too long; it holds them until it drains
 */
public record OffloadStatistics(
    long submitted,
    long joined,
    long queued,
    long inFlight,
    long bytesInFlight,
    long oldestQueuedNanos,
    long copied,
    long copiedByteSize,
    long present,
    long gone,
    long notAdmitted,
    long queueFull,
    long noRoom,
    long failed,
    long cancelled,
    long undrained,
    long stalled) {

  /** {@return blocks that have a result of their own} */
  public long settled() {
    return copied + present + gone + notAdmitted + queueFull + noRoom + failed + cancelled;
  }
}
