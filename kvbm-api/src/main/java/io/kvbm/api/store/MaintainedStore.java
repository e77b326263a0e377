package io.kvbm.api.store;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/**
 * An object store that can be looked after: counted, checked byte for byte, and made smaller.
 *
 * <p>Threading: as of {@link ObjectStore}; each call may run beside puts and gets.
 */
@Stability(Stability.Level.PREVIEW)
public interface MaintainedStore extends ObjectStore {

  /** Hears how far a long call has come. Called on the thread of the call, often: do little. */
  @FunctionalInterface
  interface Progress {

    /** Hears nothing. */
    Progress NONE = (_, _) -> {};

    /**
     * Hears of progress.
     *
     * @param doneByteSize bytes that are done
     * @param totalByteSize bytes there are to do, as far as is known; it may change on the way
     */
    void at(long doneByteSize, long totalByteSize);
  }

  /** {@return what the store holds and did since it was opened; a snapshot} */
  StoreStatistics statistics();

  /**
   * Reads every object and everything the store keeps to find them, and compares the checksums.
   * Caches are passed by. Nothing is changed: damaged objects stay, and reads of them keep failing.
   *
   * @param progress hears how far it has come; what it throws ends the call
   * @return what was found; damage is no exception
   * @throws BackendException if the device fails otherwise than by handing back wrong bytes
   */
  VerifyReport verify(Progress progress);

  /**
   * Gives back the space of deleted and replaced objects.
   *
   * @param progress hears how far it has come; what it throws ends the call, and what was gained so
   *     far stays
   * @return what was gained
   * @throws CapacityException if there is no room for the copies that it makes on the way
   * @throws CallerException with {@link ErrorCode#UNSUPPORTED} if the store was opened to read
   */
  CompactionReport compact(Progress progress);
}
