package io.kvbm.backend.remote.ucx;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Availability;
import io.kvbm.backend.remote.path.DataPath;
import io.kvbm.backend.remote.path.PathExport;
import io.kvbm.backend.remote.path.PathPeer;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * One-sided reads and writes through UCX, with one worker and one thread. Completions are told on
 * that thread. A fatal error of UCX ends the path, not the process, where all transports are TCP.
 *
 * <p>UCX authenticates nobody, and over TCP the peer's UCX copies to and from whatever address it
 * is asked for: whoever reaches the devices of a path reaches the memory of its process. Use
 * devices of a trusted network only.
 *
 * <p>Threading: safe from any thread. Errors of copies go to their completion, never to the caller.
 */
final class UcxPath implements DataPath {

  private static final long CHUNK_BYTE_SIZE = 64L << 20;

  private final UUID id = UUID.randomUUID();
  private final UcxEngine engine;
  private final byte[] address;
  private final Set<UcxExport> exports = new HashSet<>();
  private boolean closed;

  /**
   * Opens the devices and starts the thread.
   *
   * @param options how
   * @throws KvbmException BACKEND_UNAVAILABLE where UCX is not installed, REMOTE where it cannot
   *     run
   */
  UcxPath(UcxOptions options) {
    this(options, CHUNK_BYTE_SIZE);
  }

  UcxPath(UcxOptions options, long chunkByteSize) {
    engine = new UcxEngine(UcxLibrary.get(), options, chunkByteSize);
    address = new UcxFrame(UcxFrame.Kind.ADDRESS, id, 0, 0, engine.worker().address()).encode();
    engine.start();
  }

  /**
   * {@return whether a path can run on this machine}
   *
   * @param options how it would be set up
   */
  static Availability probe(UcxOptions options) {
    if (!UcxLibrary.missing().isEmpty()) {
      return new Availability.Unavailable(UcxLibrary.missing());
    }
    try (UcxPath _ = new UcxPath(options)) {
      return new Availability.Available(
          "UCX %s, transports %s on devices %s%s"
              .formatted(
                  UcxLibrary.get().version(),
                  options.transports(),
                  options.devices(),
                  options.isTcp() && UcxFatalErrors.areStopped()
                      ? ""
                      : "; its fatal errors end the process"));
    } catch (KvbmException e) {
      return new Availability.Unavailable(e.getMessage());
    }
  }

  @Override
  public String name() {
    return "ucx";
  }

  @Override
  public byte[] address() {
    return address;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Hardware refuses a key after its export was closed. Over TCP nothing does: the memory must
   * stay mapped until no peer has the key any more.
   */
  @Override
  public synchronized PathExport export(MemorySegment bytes) {
    if (closed) {
      throw closedPath();
    }
    if (!bytes.isNative() || bytes.byteSize() == 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "UCX exports native memory of 1 byte or more: " + bytes);
    }
    long handle = engine.worker().map(bytes);
    try {
      byte[] packed = engine.worker().packKey(handle);
      byte[] key =
          new UcxFrame(UcxFrame.Kind.KEY, id, bytes.address(), bytes.byteSize(), packed).encode();
      UcxExport export = new UcxExport(this, bytes, handle, key);
      exports.add(export);
      return export;
    } catch (RuntimeException e) {
      engine.worker().unmap(handle);
      throw e;
    }
  }

  synchronized void withdraw(UcxExport export) {
    if (exports.remove(export)) {
      engine.worker().unmap(export.handle());
    }
  }

  @Override
  public synchronized PathPeer connect(byte[] address) {
    UcxFrame frame = UcxFrame.decode(address, UcxFrame.Kind.ADDRESS);
    if (closed) {
      throw closedPath();
    }
    return engine.connect(frame);
  }

  @Override
  public boolean isUsable() {
    return engine.isRunning();
  }

  private static ClosedException closedPath() {
    return new ClosedException(ErrorCode.CLOSED, "the UCX path was closed: open another");
  }

  /** Called from a completion it does not wait. */
  @Override
  public void close() {
    synchronized (this) {
      if (!closed) {
        closed = true;
        List.copyOf(exports).forEach(this::withdraw);
        engine.stop();
      }
    }
    engine.await(engine.ended());
  }
}
