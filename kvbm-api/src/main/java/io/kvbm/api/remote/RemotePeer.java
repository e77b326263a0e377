package io.kvbm.api.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.TransientException;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * Another agent, as this one sees it. When the connection is lost, everything that refers to the
 * peer fails with {@link ErrorCode#DISCONNECTED}, at once, also what is in flight; a new peer comes
 * from {@link RemoteAgent#connect}. Threading: safe from any thread.
 */
@Stability(Stability.Level.PREVIEW)
public interface RemotePeer extends AutoCloseable {

  /** {@return who it is} */
  AgentDescriptor descriptor();

  /** {@return whether the connection stands, as far as is known} */
  boolean isConnected();

  /**
   * {@return the name of the transport that moves bytes to and from it, for instance {@code ucx}}
   */
  String transport();

  /**
   * {@return the peer's storage as one of this process, with a remote region; the caller closes it,
   * which ends the reference alone}
   *
   * @param exported as the peer exported it; checked by the peer at each use
   * @throws TransientException with {@link ErrorCode#DISCONNECTED} if the peer is gone
   */
  Storage map(ExportedStorage exported);

  /**
   * {@return what reserves memory on the peer, where that offers some; closing a storage, or losing
   * the connection, gives it back there. Over the peer's offer a {@link CapacityException}}
   */
  StorageAllocator allocator();

  /**
   * Asks the peer to keep blocks where they are, or to bring them where they can be read from.
   *
   * @param request which
   * @return completes with what the peer lends, at least with an empty loan where it has none of
   *     the blocks, or with an exception: {@link ErrorCode#DISCONNECTED}, {@link
   *     ErrorCode#DEADLINE_EXCEEDED}, {@link ErrorCode#NOT_ALLOWED}, or {@link
   *     ErrorCode#UNSUPPORTED} where it shares nothing
   */
  CompletionStage<Loan> borrow(LoanRequest request);

  /**
   * Has the peer copy blocks between two of its own sets, as a leader has its workers do.
   *
   * @param move which
   * @return completes with the outcome of each block, or with an exception as in {@link #borrow}
   */
  CompletionStage<ShardOutcome> move(ShardMove move);

  /**
   * Asks for the peer's block set, as its manager exports it.
   *
   * @param timeout how long to wait
   * @return completes with the bytes of a serialized block set, or as in {@link #borrow}
   */
  CompletionStage<byte[]> blockSet(Duration timeout);

  /**
   * {@return how long one small request takes there and back, in nanoseconds}
   *
   * @param timeout how long to wait
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the time is not above 0
   * @throws TransientException with {@link ErrorCode#DISCONNECTED} or {@link
   *     ErrorCode#DEADLINE_EXCEEDED}
   */
  long ping(Duration timeout);

  /** Ends the connection; what is in flight is drained first. Later calls do nothing. */
  @Override
  void close();
}
