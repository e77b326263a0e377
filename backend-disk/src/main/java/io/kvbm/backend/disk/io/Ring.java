package io.kvbm.backend.disk.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.kvbm.backend.disk.file.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * One submission and one completion queue shared with the kernel. Offsets and numbers are those of
 * {@code linux/io_uring.h}.
 *
 * <p>Threading: made, used and closed by one thread.
 */
@SuppressWarnings("restricted")
final class Ring implements AutoCloseable {

  static final byte OP_FSYNC = 3;
  static final byte OP_READ_FIXED = 4;
  static final byte OP_WRITE_FIXED = 5;
  static final byte OP_ASYNC_CANCEL = 14;
  static final byte OP_READ = 22;
  static final byte OP_WRITE = 23;

  static final int FSYNC_DATASYNC = 1;

  static final int REGISTER_FILES_UPDATE = 6;
  static final int REGISTER_FILES = 2;
  static final int REGISTER_BUFFERS2 = 15;
  static final int REGISTER_BUFFERS_UPDATE = 16;

  private static final byte SQE_FIXED_FILE = 1;

  private static final int SETUP_CLAMP = 1 << 4;
  private static final int SETUP_COOP_TASKRUN = 1 << 8;
  private static final int SETUP_SINGLE_ISSUER = 1 << 12;
  private static final int SETUP_DEFER_TASKRUN = 1 << 13;

  /** The best first; a kernel refuses the flags it does not know with EINVAL. */
  private static final int[] SETUP_FLAGS = {
    SETUP_CLAMP | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN,
    SETUP_CLAMP | SETUP_COOP_TASKRUN,
    SETUP_CLAMP
  };

  private static final int FEATURE_SINGLE_MMAP = 1;
  private static final int FEATURE_NODROP = 1 << 1;
  private static final int FEATURE_EXT_ARG = 1 << 8;
  private static final int REQUIRED_FEATURES =
      FEATURE_SINGLE_MMAP | FEATURE_NODROP | FEATURE_EXT_ARG;

  private static final int ENTER_GETEVENTS = 1;
  private static final int ENTER_EXT_ARG = 8;
  private static final long ENTER_ARGUMENT_BYTE_SIZE = 24;
  private static final long SIGNAL_SET_BYTE_SIZE = 8;

  private static final long OFFSET_RINGS = 0;
  private static final long OFFSET_ENTRIES = 0x10000000L;
  private static final long ENTRY_BYTE_SIZE = 64;
  private static final long COMPLETION_BYTE_SIZE = 16;
  private static final long PARAMETERS_BYTE_SIZE = 120;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private static final VarHandle SHARED = JAVA_INT.varHandle();

  private final UringCalls calls;
  private final int descriptor;
  private final int setupFlags;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment rings;
  private final MemorySegment entries;
  private final MemorySegment waitArgument;
  private final MemorySegment waitTime;
  private final long submissionHead;
  private final long submissionTail;
  private final int submissionMask;
  private final int submissionEntries;
  private final long completionHead;
  private final long completionTail;
  private final int completionMask;
  private final long completions;
  private int tail;
  private int head;

  private Ring(UringCalls calls, int descriptor, int setupFlags, MemorySegment parameters)
      throws RingRefusedException {
    this.calls = calls;
    this.descriptor = descriptor;
    this.setupFlags = setupFlags;
    this.submissionEntries = parameters.get(JAVA_INT, 0);
    int completionEntries = parameters.get(JAVA_INT, 4);
    long array = parameters.get(JAVA_INT, 64);
    this.completions = parameters.get(JAVA_INT, 100);
    this.rings =
        map(
            OFFSET_RINGS,
            Math.max(
                array + submissionEntries * (long) Integer.BYTES,
                completions + completionEntries * COMPLETION_BYTE_SIZE));
    MemorySegment mapped;
    try {
      mapped = map(OFFSET_ENTRIES, submissionEntries * ENTRY_BYTE_SIZE);
    } catch (RingRefusedException e) {
      calls.unmap(rings);
      throw e;
    }
    this.entries = mapped;
    this.submissionHead = parameters.get(JAVA_INT, 40);
    this.submissionTail = parameters.get(JAVA_INT, 44);
    this.submissionMask = rings.get(JAVA_INT, parameters.get(JAVA_INT, 48));
    this.completionHead = parameters.get(JAVA_INT, 80);
    this.completionTail = parameters.get(JAVA_INT, 84);
    this.completionMask = rings.get(JAVA_INT, parameters.get(JAVA_INT, 88));
    this.tail = rings.get(JAVA_INT, submissionTail);
    this.head = rings.get(JAVA_INT, completionHead);
    for (int i = 0; i < submissionEntries; i++) {
      rings.set(JAVA_INT, array + (long) i * Integer.BYTES, i);
    }
    this.waitTime = arena.allocate(2L * Long.BYTES, Long.BYTES);
    this.waitArgument = arena.allocate(ENTER_ARGUMENT_BYTE_SIZE, Long.BYTES);
    waitArgument.set(JAVA_INT, 8, (int) SIGNAL_SET_BYTE_SIZE);
  }

  private MemorySegment map(long offset, long byteSize) throws RingRefusedException {
    long address = calls.map(descriptor, byteSize, offset);
    if (address < 0 && address > -4096) {
      throw new RingRefusedException("mmap of the ring", (int) -address);
    }
    return MemorySegment.ofAddress(address).reinterpret(byteSize);
  }

  /**
   * Makes a ring.
   *
   * @param calls how to reach the kernel
   * @param entryCount how many operations can be handed over at once
   * @throws RingRefusedException if the kernel refuses it or is too old
   */
  static Ring open(UringCalls calls, int entryCount) throws RingRefusedException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(PARAMETERS_BYTE_SIZE, Long.BYTES);
      int result = -Errno.EINVAL;
      int flags = 0;
      for (int i = 0; i < SETUP_FLAGS.length && result == -Errno.EINVAL; i++) {
        flags = SETUP_FLAGS[i];
        parameters.fill((byte) 0);
        parameters.set(JAVA_INT, 8, flags);
        result = calls.setup(entryCount, parameters);
      }
      if (result < 0) {
        throw new RingRefusedException("io_uring_setup", -result);
      }
      try {
        if ((parameters.get(JAVA_INT, 20) & REQUIRED_FEATURES) != REQUIRED_FEATURES) {
          throw new RingRefusedException("the kernel is older than 5.11", 0);
        }
        return new Ring(calls, result, flags, parameters);
      } catch (RingRefusedException e) {
        calls.close(result);
        throw e;
      }
    }
  }

  /** {@return how many operations fit between two {@link #submit}s} */
  int entryCount() {
    return submissionEntries;
  }

  /** {@return whether there is room for one more operation} */
  boolean hasRoom() {
    return waiting() < submissionEntries;
  }

  /** {@return how many operations the kernel has not taken yet} */
  int waiting() {
    return tail - (int) SHARED.getAcquire(rings, submissionHead);
  }

  /**
   * Adds a read or a write, which the kernel sees at the next {@link #submit}.
   *
   * @param operation what to do
   * @param file a descriptor, or an index into the registered files
   * @param registeredFile which of the two
   * @param buffer index of the registered buffer, for the operations that take one
   */
  void transfer(
      byte operation,
      int file,
      boolean registeredFile,
      long position,
      long address,
      int length,
      int buffer,
      long userData) {
    long at = next(operation, file, registeredFile, userData);
    entries.set(JAVA_LONG, at + 8, position);
    entries.set(JAVA_LONG, at + 16, address);
    entries.set(JAVA_INT, at + 24, length);
    entries.set(JAVA_SHORT, at + 40, (short) buffer);
    publish();
  }

  /** Adds an fdatasync. */
  void sync(int file, boolean registeredFile, long userData) {
    long at = next(OP_FSYNC, file, registeredFile, userData);
    entries.set(JAVA_INT, at + 28, FSYNC_DATASYNC);
    publish();
  }

  /** Adds a request to give up the operation with that user data. */
  void cancel(long target, long userData) {
    long at = next(OP_ASYNC_CANCEL, -1, false, userData);
    entries.set(JAVA_LONG, at + 16, target);
    publish();
  }

  private long next(byte operation, int file, boolean registeredFile, long userData) {
    long at = (tail & submissionMask) * ENTRY_BYTE_SIZE;
    // Every word is written: the entry still holds the operation that used it before.
    entries.set(JAVA_LONG, at, 0);
    entries.set(JAVA_BYTE, at, operation);
    entries.set(JAVA_BYTE, at + 1, registeredFile ? SQE_FIXED_FILE : 0);
    entries.set(JAVA_INT, at + 4, file);
    entries.set(JAVA_LONG, at + 8, 0);
    entries.set(JAVA_LONG, at + 16, 0);
    entries.set(JAVA_LONG, at + 24, 0);
    entries.set(JAVA_LONG, at + 32, userData);
    entries.set(JAVA_LONG, at + 40, 0);
    entries.set(JAVA_LONG, at + 48, 0);
    entries.set(JAVA_LONG, at + 56, 0);
    return at;
  }

  private void publish() {
    tail++;
    SHARED.setRelease(rings, submissionTail, tail);
  }

  /**
   * Hands over what was added and takes in what was finished, without waiting.
   *
   * @return how many were handed over, or the negated error number
   */
  int submit() {
    return calls.enter(descriptor, waiting(), 0, ENTER_GETEVENTS, MemorySegment.NULL, 0);
  }

  /**
   * Hands over what was added and waits until something is finished.
   *
   * @param timeoutNanos how long at most, above 0; {@link Long#MAX_VALUE} for as long as it takes
   * @return how many were handed over, or the negated error number
   */
  int submitAndWait(long timeoutNanos) {
    if (timeoutNanos == Long.MAX_VALUE) {
      return calls.enter(descriptor, waiting(), 1, ENTER_GETEVENTS, MemorySegment.NULL, 0);
    }
    waitTime.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
    waitTime.set(JAVA_LONG, 8, timeoutNanos % NANOS_PER_SECOND);
    waitArgument.set(JAVA_LONG, 16, waitTime.address());
    return calls.enter(
        descriptor,
        waiting(),
        1,
        ENTER_GETEVENTS | ENTER_EXT_ARG,
        waitArgument,
        ENTER_ARGUMENT_BYTE_SIZE);
  }

  /** {@return whether an operation is finished and not consumed} */
  boolean hasCompletion() {
    return head != (int) SHARED.getAcquire(rings, completionTail);
  }

  /** {@return the user data of the oldest finished operation} */
  long userData() {
    return rings.get(JAVA_LONG, completionAt());
  }

  /** {@return the result of the oldest finished operation} */
  int result() {
    return rings.get(JAVA_INT, completionAt() + 8);
  }

  private long completionAt() {
    return completions + (head & completionMask) * COMPLETION_BYTE_SIZE;
  }

  /** Gives the place of the oldest finished operation back to the kernel. */
  void consume() {
    head++;
    SHARED.setRelease(rings, completionHead, head);
  }

  /** {@return what the kernel answers to io_uring_register} */
  int register(int operation, MemorySegment argument, int count) {
    return calls.register(descriptor, operation, argument, count);
  }

  /** {@return whether completions are worked off by this thread alone} */
  boolean isSingleIssuer() {
    return (setupFlags & SETUP_SINGLE_ISSUER) != 0;
  }

  @Override
  public void close() {
    calls.unmap(entries);
    calls.unmap(rings);
    calls.close(descriptor);
    arena.close();
  }
}
