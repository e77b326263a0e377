package io.kvbm.backend.remote;

import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.transfer.Transport;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** The remote backend with a peer beside it that offers memory, so that contracts can allocate. */
public final class ReservingProvider implements BackendProvider {

  /** Creates the provider. */
  public ReservingProvider() {}

  private static final AtomicInteger COUNT = new AtomicInteger();
  private final RemoteBackendProvider real = new RemoteBackendProvider();

  @Override
  public String name() {
    return "remote-reserving";
  }

  @Override
  public SpiVersion builtFor() {
    return real.builtFor();
  }

  @Override
  public Set<String> storageKinds() {
    return real.storageKinds();
  }

  @Override
  public List<ConfigKey> configKeys() {
    return real.configKeys();
  }

  @Override
  public Availability probe(BackendConfig config) {
    return real.probe(config);
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    Backend far = real.open(context, config.with("offer", "1GiB"));
    Backend near = real.open(context, config);
    int number = COUNT.incrementAndGet();
    RemoteAgent offering = far.agents().getFirst().open("offering-" + number);
    RemoteAgent asking = near.agents().getFirst().open("asking-" + number);
    RemotePeer peer = asking.connect(offering.descriptor(), TwoAgents.SOON);
    List<StorageAllocator> allocators = List.of(new RemoteAllocator(asking, peer));
    return new Backend() {
      @Override
      public List<StorageAllocator> allocators() {
        return allocators;
      }

      @Override
      public List<Transport> transports() {
        return near.transports();
      }

      @Override
      public void close() {
        near.close();
        far.close();
      }
    };
  }
}
