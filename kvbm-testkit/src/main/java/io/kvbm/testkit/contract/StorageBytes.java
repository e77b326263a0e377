package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.Transport;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Reads and writes storages of any kind on behalf of the contracts: host memory and files directly,
 * so that a transport does not vouch for itself; what the host cannot reach through the backend's
 * transports.
 */
final class StorageBytes {

  private final Backend backend;

  StorageBytes(Backend backend) {
    this.backend = backend;
  }

  /** {@return whether a storage keeps what is written to it} */
  static boolean keepsBytes(Storage storage) {
    return !(storage.region() instanceof Region.NullRegion);
  }

  /** Puts bytes into a storage. */
  void write(Storage target, long offset, MemorySegment bytes) {
    switch (target.region()) {
      case Region.NullRegion _ -> {}
      case Region.HostRegion host ->
          MemorySegment.copy(bytes, 0, host.segment(), offset, bytes.byteSize());
      case Region.FileRegion _, Region.DeviceRegion _, Region.RemoteRegion _ -> {
        try (HostStorage staging = new HostStorage(bytes.byteSize())) {
          staging.mutableView().copyFrom(bytes);
          transfer(staging, 0, target, offset, bytes.byteSize());
        }
      }
    }
  }

  /** {@return a copy of all bytes of a storage, off the heap} */
  MemorySegment read(Storage source) {
    return read(source, 0, source.byteSize());
  }

  /** {@return a copy of bytes of a storage, off the heap} */
  MemorySegment read(Storage source, long offset, long byteSize) {
    MemorySegment copy = Arena.ofAuto().allocate(byteSize);
    switch (source.region()) {
      case Region.NullRegion _ -> {}
      case Region.HostRegion host -> MemorySegment.copy(host.segment(), offset, copy, 0, byteSize);
      case Region.FileRegion file ->
          copy.copyFrom(readFile(file.file(), file.position() + offset, byteSize));
      case Region.DeviceRegion _, Region.RemoteRegion _ -> {
        try (HostStorage staging = new HostStorage(byteSize)) {
          transfer(source, offset, staging, 0, byteSize);
          copy.copyFrom(staging.view());
        }
      }
    }
    return copy;
  }

  /** Direct files want aligned positions, lengths and addresses, and end where they end. */
  private static MemorySegment readFile(DiskFile file, long position, long byteSize) {
    long alignment = Math.max(1, file.alignment());
    long start = position / alignment * alignment;
    long end = Math.ceilDiv(position + byteSize, alignment) * alignment;
    MemorySegment buffer = Arena.ofAuto().allocate(end - start, Math.max(4096, alignment));
    long done = 0;
    while (start + done < position + byteSize) {
      int count = file.read(start + done, buffer.asSlice(done));
      assertThat(count)
          .as("bytes read from %s at %d of %d", file.path(), start + done, file.byteSize())
          .isPositive();
      done += count;
    }
    return buffer.asSlice(position - start, byteSize);
  }

  private void transfer(Storage source, long from, Storage target, long to, long byteSize) {
    Route route = Route.between(source, target);
    for (Transport transport : backend.transports()) {
      if (transport.supports(route)) {
        RecordingCompletion completion = new RecordingCompletion(1);
        transport.submit(
            TransferBatch.builder().add(0, source, from, target, to, byteSize).build(), completion);
        completion.awaitDone();
        return;
      }
    }
    fail("no transport of the backend moves bytes " + route + ", so its storage cannot be tested");
  }
}
