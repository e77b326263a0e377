package io.kvbm.testkit.broken;

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
import io.kvbm.api.transfer.Transport;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/** A small sound backend over host memory, whose parts the fixtures replace by broken ones. */
public class HeapProvider implements BackendProvider {

  /** Creates the provider. */
  public HeapProvider() {}

  @Override
  public String name() {
    return "fixture";
  }

  @Override
  public SpiVersion builtFor() {
    return new SpiVersion(Spi.MAJOR, Spi.MINOR);
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of("system");
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of();
  }

  @Override
  public Availability probe(BackendConfig config) {
    return new Availability.Available("always");
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    config.validate(name(), configKeys());
    AtomicBoolean closed = new AtomicBoolean();
    List<StorageAllocator> allocators = List.of(new ClosingAllocator(allocator(), closed));
    List<Transport> transports = List.of(transport());
    return new Backend() {
      @Override
      public List<StorageAllocator> allocators() {
        return allocators;
      }

      @Override
      public List<Transport> transports() {
        return transports;
      }

      @Override
      public void close() {
        closed.set(true);
      }
    };
  }

  /** {@return the allocator of the backend} */
  protected StorageAllocator allocator() {
    return new HostAllocator();
  }

  /** {@return the transport of the backend} */
  protected Transport transport() {
    return new PlainTransport();
  }

  private record ClosingAllocator(StorageAllocator allocator, AtomicBoolean closed)
      implements StorageAllocator {
    @Override
    public String storageKind() {
      return allocator.storageKind();
    }

    @Override
    public Storage allocate(AllocationRequest request) {
      if (closed.get()) {
        throw new ClosedException(ErrorCode.CLOSED, "the fixture is closed");
      }
      return allocator.allocate(request);
    }
  }
}
