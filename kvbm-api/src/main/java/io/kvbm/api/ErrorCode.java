package io.kvbm.api;

/**
 * The precise reason of a {@link KvbmException}: one constant for each error case that callers tell
 * apart.
 *
 * <p>Exception classes are few, one per reaction; the code keeps the case itself, so that nothing
 * has to be parsed out of a message.
 */
@Stability(Stability.Level.STABLE)
public enum ErrorCode {
  // Block pool
  /** A block was given to {@code registerBlocks} before all its tokens were there. */
  BLOCK_NOT_COMPLETE(ErrorKind.CALLER),
  /** Fewer blocks are free or evictable than were asked for; nothing was taken. */
  NOT_ENOUGH_BLOCKS_AVAILABLE(ErrorKind.CAPACITY),
  /** A mutable block belongs to another pool, was consumed or was closed. */
  INVALID_MUTABLE_BLOCK(ErrorKind.CALLER),
  /** A block could not be entered into the index. */
  FAILED_TO_REGISTER_BLOCK(ErrorKind.CALLER),
  /** The pool or manager was closed or its cancellation token fired. */
  PROGRESS_ENGINE_SHUTDOWN(ErrorKind.CALLER),
  /** Blocks are still in use, so the pool cannot be reset. */
  RESET_REFUSED(ErrorKind.CALLER),
  /** The block is still shared and cannot be returned. */
  NOT_RETURNABLE(ErrorKind.CALLER),
  /** A block is in another state than the call needs. */
  BLOCK_STATE_INVALID(ErrorKind.CALLER),

  // Block
  /** A logical block stands for blocks elsewhere and has no bytes of its own. */
  VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS(ErrorKind.CALLER),
  /** The layer index is not below the number of layers. */
  INVALID_LAYER_INDEX(ErrorKind.CALLER),
  /** The outer index is not below the outer dimension. */
  INVALID_OUTER_INDEX(ErrorKind.CALLER),
  /** The block index is not below the number of blocks. */
  INVALID_BLOCK_INDEX(ErrorKind.CALLER),

  // Storage
  /** Memory or space could not be had. */
  ALLOCATION_FAILED(ErrorKind.CAPACITY),
  /** The bytes cannot be reached from the host. */
  NOT_ACCESSIBLE(ErrorKind.CALLER),
  /** A setting is missing, out of range or contradicts another. */
  INVALID_CONFIG(ErrorKind.CONFIGURATION),
  /** An operation of the operating system or a device failed. */
  OPERATION_FAILED(ErrorKind.BACKEND),
  /** A CUDA driver call failed; {@link BackendException#nativeCode()} is its CUresult. */
  CUDA(ErrorKind.BACKEND),
  /** The storage is already registered under that key. */
  REGISTRATION_KEY_EXISTS(ErrorKind.CALLER),
  /** Nothing is registered under that key. */
  HANDLE_NOT_FOUND(ErrorKind.CALLER),
  /** A remote agent or its transport failed (the specification's {@code NixlError}). */
  REMOTE(ErrorKind.BACKEND),
  /** A peer is gone, or is another generation than the reference to it names. */
  DISCONNECTED(ErrorKind.TRANSIENT),
  /** A peer does not admit this agent, or does not let it do this. */
  NOT_ALLOWED(ErrorKind.CALLER),
  /** An offset or length lies outside the storage. */
  OUT_OF_BOUNDS(ErrorKind.CALLER),
  /** The storage, pool or store was closed. */
  CLOSED(ErrorKind.CALLER),

  // Transfers, stores, plugins
  /** An argument is wrong in a way no other code names. */
  INVALID_ARGUMENT(ErrorKind.CALLER),
  /** What was asked for is something this implementation states it cannot do. */
  UNSUPPORTED(ErrorKind.CALLER),
  /** No transport moves bytes along this route, not even in two hops. */
  NO_ROUTE(ErrorKind.CALLER),
  /** A deadline passed before the work was done. */
  DEADLINE_EXCEEDED(ErrorKind.TRANSIENT),
  /** The work was cancelled. */
  CANCELLED(ErrorKind.TRANSIENT),
  /** The work would take more than it was allowed. */
  BUDGET_EXCEEDED(ErrorKind.CAPACITY),
  /** A queue is full. */
  QUEUE_FULL(ErrorKind.TRANSIENT),
  /** What should have moved has not for too long; others are not made to wait behind it. */
  STALLED(ErrorKind.TRANSIENT),
  /** A store is locked by another writer. */
  LOCKED(ErrorKind.TRANSIENT),
  /** A condition of a conditional operation did not hold. */
  PRECONDITION_FAILED(ErrorKind.CALLER),
  /** A key or file does not exist. */
  NOT_FOUND(ErrorKind.CALLER),
  /** A checksum, key echo, magic or version differs from what was expected. */
  CORRUPT(ErrorKind.CORRUPTION),
  /** A write-ahead file refused a sync; the store must be reopened. */
  POISONED(ErrorKind.BACKEND),
  /** A backend is not installed, or is installed and cannot run here. */
  BACKEND_UNAVAILABLE(ErrorKind.CONFIGURATION);

  private final ErrorKind kind;

  ErrorCode(ErrorKind kind) {
    this.kind = kind;
  }

  /** {@return the reaction this case asks for} */
  public ErrorKind kind() {
    return kind;
  }
}
