package io.kvbm.backend.remote.ucx;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * One context of UCX and its worker. Threading: one thread at a time, but {@link #signal}, {@link
 * #map} and {@link #unmap} are for any thread.
 */
@SuppressWarnings("restricted")
final class UcxWorker {

  private static final int API_MAJOR = 1;
  private static final int API_MINOR = 12;
  private static final int STRUCT_BYTE_SIZE = 256; // More than any structure of parameters has.
  private static final long FEATURES_RMA_WAKEUP = 1 << 1 | 1 << 4;
  private static final int THREAD_MODE_MULTI = 2;
  private static final int ERROR_HANDLING_PEER = 1;
  private static final int CLOSE_FORCE = 1;
  private static final int OP_CALLBACK_USER_DATA_MEMORY_TYPE = 1 << 1 | 1 << 2 | 1 << 6;
  private static final int OP_FLAGS = 1 << 4;
  private static final long USER_DATA = 32;
  private static final short POLLIN = 1;

  private final UcxLibrary ucx;
  private final UcxEvents events;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment request = arena.allocate(STRUCT_BYTE_SIZE, 8);
  private final MemorySegment closing = arena.allocate(STRUCT_BYTE_SIZE, 8);
  private final MemorySegment pollFile = arena.allocate(8, 8);
  private final MemorySegment failed;
  private final MemorySegment requestMade;
  private final long context;
  private final long worker;
  private volatile long requestByteSize;
  private volatile boolean destroyed;

  /** Opens devices. Throws REMOTE if UCX cannot. */
  UcxWorker(UcxLibrary ucx, UcxOptions options, UcxEvents events) {
    this.ucx = ucx;
    this.events = events;
    MemorySegment completed =
        upcall("onCompleted", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_INT, JAVA_LONG));
    failed = upcall("onFailed", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_INT));
    requestMade = upcall("onRequestMade", FunctionDescriptor.ofVoid(JAVA_LONG));
    request.set(JAVA_INT, 0, OP_CALLBACK_USER_DATA_MEMORY_TYPE);
    request.set(ADDRESS, 16, completed);
    closing.set(JAVA_INT, 0, OP_FLAGS);
    closing.set(JAVA_INT, 4, CLOSE_FORCE);
    try {
      context = createContext(options);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
    try {
      requestByteSize = queryRequestByteSize();
      worker = createWorker();
    } catch (RuntimeException e) {
      cleanup();
      throw e;
    }
  }

  private MemorySegment upcall(String method, FunctionDescriptor signature) {
    try {
      MethodType type = signature.toMethodType();
      MethodHandle handle = MethodHandles.lookup().findVirtual(UcxWorker.class, method, type);
      return Linker.nativeLinker().upcallStub(handle.bindTo(this), signature, arena);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("a method of this class is not found: " + method, e);
    }
  }

  @SuppressWarnings("unused") // Called by UCX. An exception here would end the JVM.
  private void onCompleted(long pointer, int status, long slot) {
    try {
      ucx.requestFree.invokeExact(pointer);
      events.completed(slot, status);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  @SuppressWarnings("unused") // Called by UCX.
  private void onFailed(long peer, long endpoint, int status) {
    events.failed(peer, status);
  }

  /**
   * Called by UCX for each request of its pool. Its answers to emulated copies do not say what type
   * of data they are, but if their connection is lost they are freed by that type; what the memory
   * held before then decided what was freed. Zero is plain bytes, of which nothing is.
   */
  @SuppressWarnings("unused")
  private void onRequestMade(long request) {
    MemorySegment.ofAddress(request - requestByteSize).reinterpret(requestByteSize).fill((byte) 0);
  }

  private long queryRequestByteSize() {
    try (Arena calls = Arena.ofConfined()) {
      MemorySegment attributes = calls.allocate(STRUCT_BYTE_SIZE, 8);
      attributes.set(JAVA_LONG, 0, 1L);
      UcxStatus.check(
          "UCX does not tell how large its requests are",
          (int) ucx.contextQuery.invokeExact(context, attributes));
      return attributes.get(JAVA_LONG, 8);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  private long createContext(UcxOptions options) {
    try (Arena calls = Arena.ofConfined()) {
      MemorySegment out = calls.allocate(JAVA_LONG);
      UcxStatus.check("UCX reads no settings", (int) ucx.configRead.invokeExact(0L, 0L, out));
      long config = out.get(JAVA_LONG, 0);
      try {
        modify(calls, config, "TLS", options.transports());
        modify(calls, config, "NET_DEVICES", options.devices());
        modify(calls, config, "KEEPALIVE_INTERVAL", options.keepalive().toMillis() + "ms");
        MemorySegment params = calls.allocate(STRUCT_BYTE_SIZE, 8);
        params.set(JAVA_LONG, 0, 1L | 1L << 2 | 1L << 5); // Features, requests, many threads.
        params.set(JAVA_LONG, 8, FEATURES_RMA_WAKEUP);
        params.set(ADDRESS, 24, requestMade);
        params.set(JAVA_INT, 48, 1);
        UcxStatus.check(
            "no context of UCX over %s on %s; check the devices with ucx_info -d"
                .formatted(options.transports(), options.devices()),
            (int) ucx.init.invokeExact(API_MAJOR, API_MINOR, params, config, out));
        return out.get(JAVA_LONG, 0);
      } finally {
        ucx.configRelease.invokeExact(config);
      }
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  private void modify(Arena calls, long config, String name, String value) throws Throwable {
    UcxStatus.check(
        "UCX refuses %s=%s".formatted(name, value),
        (int)
            ucx.configModify.invokeExact(
                config, calls.allocateFrom(name), calls.allocateFrom(value)));
  }

  private long createWorker() {
    try (Arena calls = Arena.ofConfined()) {
      MemorySegment out = calls.allocate(JAVA_LONG);
      MemorySegment params = calls.allocate(STRUCT_BYTE_SIZE, 8);
      params.set(JAVA_LONG, 0, 1L);
      params.set(JAVA_INT, 8, THREAD_MODE_MULTI);
      UcxStatus.check("no worker of UCX", (int) ucx.workerCreate.invokeExact(context, params, out));
      long created = out.get(JAVA_LONG, 0);
      UcxStatus.check(
          "UCX has no event file", (int) ucx.workerGetEventFile.invokeExact(created, out));
      pollFile.set(JAVA_INT, 0, out.get(JAVA_INT, 0));
      pollFile.set(JAVA_SHORT, 4, POLLIN);
      return created;
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  private void cleanup() {
    try {
      ucx.cleanup.invokeExact(context);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    } finally {
      arena.close();
    }
  }

  /** {@return UCX's own bytes of the address} */
  byte[] address() {
    try (Arena calls = Arena.ofConfined()) {
      MemorySegment out = calls.allocate(JAVA_LONG, 2);
      UcxStatus.check(
          "UCX has no address",
          (int) ucx.workerGetAddress.invokeExact(worker, out, out.asSlice(8)));
      byte[] bytes = bytes(out.get(JAVA_LONG, 0), out.get(JAVA_LONG, 8));
      ucx.workerReleaseAddress.invokeExact(worker, out.get(JAVA_LONG, 0));
      return bytes;
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  private void checkOpen() {
    if (destroyed) {
      throw new ClosedException(ErrorCode.CLOSED, "the UCX path has ended: open another");
    }
  }

  private static byte[] bytes(long address, long byteSize) {
    return MemorySegment.ofAddress(address).reinterpret(byteSize).toArray(ValueLayout.JAVA_BYTE);
  }

  /** {@return the handle of registered memory} */
  synchronized long map(MemorySegment bytes) {
    checkOpen();
    try (Arena calls = Arena.ofConfined()) {
      MemorySegment out = calls.allocate(JAVA_LONG);
      MemorySegment params = calls.allocate(STRUCT_BYTE_SIZE, 8);
      params.set(JAVA_LONG, 0, 1L | 1L << 1);
      params.set(JAVA_LONG, 8, bytes.address());
      params.set(JAVA_LONG, 16, bytes.byteSize());
      UcxStatus.check(
          "%d bytes cannot be registered with UCX; check ulimit -l".formatted(bytes.byteSize()),
          (int) ucx.memoryMap.invokeExact(context, params, out));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  /** {@return UCX's own bytes of the key} */
  synchronized byte[] packKey(long memory) {
    checkOpen();
    try (Arena calls = Arena.ofConfined()) {
      MemorySegment out = calls.allocate(JAVA_LONG, 2);
      UcxStatus.check(
          "UCX has no key of memory",
          (int) ucx.keyPack.invokeExact(context, memory, out, out.asSlice(8)));
      byte[] bytes = bytes(out.get(JAVA_LONG, 0), out.get(JAVA_LONG, 8));
      ucx.keyRelease.invokeExact(out.get(JAVA_LONG, 0));
      return bytes;
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  synchronized void unmap(long memory) {
    if (destroyed) {
      return; // The context took its memory with it.
    }
    try {
      int _ = (int) ucx.memoryUnmap.invokeExact(context, memory);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  /** {@return the handle of an endpoint, connected or not yet} */
  long connect(byte[] address, long peer) {
    try (Arena calls = Arena.ofConfined()) {
      MemorySegment out = calls.allocate(JAVA_LONG);
      MemorySegment params = calls.allocate(STRUCT_BYTE_SIZE, 8);
      params.set(JAVA_LONG, 0, 1L | 1L << 1 | 1L << 2);
      params.set(ADDRESS, 8, calls.allocateFrom(ValueLayout.JAVA_BYTE, address));
      params.set(JAVA_INT, 16, ERROR_HANDLING_PEER);
      params.set(ADDRESS, 24, failed);
      params.set(JAVA_LONG, 32, peer);
      UcxStatus.check(
          "UCX cannot connect", (int) ucx.endpointCreate.invokeExact(worker, params, out));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  /** {@return a request to check, null or an error; every request of the endpoint ends} */
  long close(long endpoint) {
    try {
      return (long) ucx.endpointClose.invokeExact(endpoint, closing.address());
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  /** {@return whether a request without callback has ended; then it is gone} */
  boolean isEnded(long pointer) {
    try {
      if ((int) ucx.requestCheck.invokeExact(pointer) > 0) {
        return false;
      }
      ucx.requestFree.invokeExact(pointer);
      return true;
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  long unpackKey(long endpoint, byte[] key) {
    try (Arena calls = Arena.ofConfined()) {
      MemorySegment out = calls.allocate(JAVA_LONG);
      MemorySegment bytes = calls.allocateFrom(ValueLayout.JAVA_BYTE, key);
      UcxStatus.check(
          "UCX refuses a key of memory", (int) ucx.keyUnpack.invokeExact(endpoint, bytes, out));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  void destroyKey(long key) {
    try {
      ucx.keyDestroy.invokeExact(key);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  long get(long endpoint, long target, long byteSize, long source, long key, long slot) {
    request.set(JAVA_LONG, USER_DATA, slot);
    try {
      return (long) ucx.get.invokeExact(endpoint, target, byteSize, source, key, request.address());
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  long put(long endpoint, long source, long byteSize, long target, long key, long slot) {
    request.set(JAVA_LONG, USER_DATA, slot);
    try {
      return (long) ucx.put.invokeExact(endpoint, source, byteSize, target, key, request.address());
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  long flush(long endpoint, long slot) {
    request.set(JAVA_LONG, USER_DATA, slot);
    try {
      return (long) ucx.endpointFlush.invokeExact(endpoint, request.address());
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  /** {@return whether anything happened} */
  boolean progress() {
    try {
      return (int) ucx.workerProgress.invokeExact(worker) != 0;
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  /** Waits for an event, a signal or the timeout (-1 is none), unless there is something to do. */
  void await(int timeoutMillis) {
    try {
      int status = (int) ucx.workerArm.invokeExact(worker);
      if (status == UcxStatus.OK) {
        int _ = (int) ucx.poll.invokeExact(pollFile.address(), 1L, timeoutMillis);
      } else if (status != UcxStatus.BUSY) {
        throw UcxStatus.failure("UCX cannot wait for events", status);
      }
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  /** Ends {@link #await}, also one that has not begun. Writes to an event file only. */
  void signal() {
    try {
      int _ = (int) ucx.workerSignal.invokeExact(worker);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  /** UCX failed and must not be called any more: what it holds is lost. */
  void abandon() {
    destroyed = true;
  }

  /** Ends; UCX touches no memory from then on. */
  void destroy() {
    synchronized (this) {
      destroyed = true;
    }
    try { // Not locked: UCX may fail and never return.
      ucx.workerDestroy.invokeExact(worker);
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    } finally {
      cleanup();
    }
  }
}
