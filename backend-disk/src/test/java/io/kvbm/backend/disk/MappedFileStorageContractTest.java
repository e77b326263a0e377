package io.kvbm.backend.disk;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.StorageContract;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;

/** Mapped files keep the contract of storage. */
class MappedFileStorageContractTest extends StorageContract {

  @TempDir Path directory;

  @Override
  protected BackendHarness harness() {
    return new BackendHarness() {
      @Override
      public BackendProvider provider() {
        return new MappedFiles(directory);
      }
    };
  }

  /** A backend of nothing but mapped files. */
  private record MappedFiles(Path directory) implements BackendProvider {

    @Override
    public String name() {
      return "mapped-files";
    }

    @Override
    public SpiVersion builtFor() {
      return new SpiVersion(Spi.MAJOR, Spi.MINOR);
    }

    @Override
    public Set<String> storageKinds() {
      return Set.of("disk");
    }

    @Override
    public List<ConfigKey> configKeys() {
      return List.of();
    }

    @Override
    public Availability probe(BackendConfig config) {
      return new Availability.Available("in " + directory);
    }

    @Override
    public Backend open(BackendContext context, BackendConfig config) {
      return new Open(new Allocator(directory));
    }
  }

  private record Open(Allocator allocator) implements Backend {
    @Override
    public List<StorageAllocator> allocators() {
      return List.of(allocator);
    }

    @Override
    public void close() {
      allocator.closed = true;
    }
  }

  private static final class Allocator implements StorageAllocator {
    private final Path directory;
    private volatile boolean closed;

    Allocator(Path directory) {
      this.directory = directory;
    }

    @Override
    public String storageKind() {
      return "disk";
    }

    @Override
    public Storage allocate(AllocationRequest request) {
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "closed");
      }
      return MappedFileStorage.newTemp(directory, request.byteSize());
    }
  }
}
