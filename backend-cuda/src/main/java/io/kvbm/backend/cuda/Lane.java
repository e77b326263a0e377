package io.kvbm.backend.cuda;

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

  private final SharedDevice shared;
  private final Map<Direction, CudaStream> streams = new EnumMap<>(Direction.class);
  private @Nullable CopyKernel kernel;

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

  synchronized CopyKernel kernel() {
    CopyKernel loaded = kernel;
    if (loaded == null) {
      loaded = CopyKernel.load(shared.device());
      kernel = loaded;
    }
    return loaded;
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
