package io.kvbm.backend.cuda;

import io.kvbm.api.CapacityException;
import io.kvbm.api.KvbmException;
import io.kvbm.cuda.CopyKernel;
import io.kvbm.cuda.CudaStream;
import io.kvbm.cuda.CudaStream.Direction;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The streams of one device, one for each direction, so that copies up and down run side by side,
 * and the kernel for many regions. Made when they are asked for. Threading: safe from any thread.
 */
final class Lane implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(Lane.class.getName());

  private final SharedDevice shared;
  private final Map<Direction, CudaStream> streams = new EnumMap<>(Direction.class);
  private @Nullable CopyKernel kernel;
  private boolean isWithoutKernel;

  Lane(int device) {
    this.shared = SharedDevice.join(device);
  }

  SharedDevice shared() {
    return shared;
  }

  synchronized CudaStream stream(Direction direction) {
    return streams.computeIfAbsent(
        direction, way -> shared.device().openStream(way.name().toLowerCase(Locale.ROOT)));
  }

  /** {@return the kernel, or null where there is none: calls of the driver copy as well} */
  synchronized @Nullable CopyKernel kernel() {
    if (kernel == null && !isWithoutKernel) {
      try {
        kernel = CopyKernel.load(shared.device());
      } catch (KvbmException e) {
        shared.device().requireWorking();
        isWithoutKernel = !(e instanceof CapacityException); // another time there may be room
        LOG.log(
            System.Logger.Level.WARNING,
            "many small regions are copied by calls, as the kernel cannot be loaded: {0}",
            e.getMessage());
      }
    }
    return kernel;
  }

  /** Waits for what is in flight. */
  @Override
  public synchronized void close() {
    try {
      streams.values().forEach(CudaStream::close);
      if (kernel != null) {
        kernel.close();
      }
    } finally {
      shared.leave();
    }
  }
}
