package io.kvbm.core.objects;

import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.PutOptions;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BlockStoreContract;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;

/** Blocks in objects keep the contract of every store of blocks. */
class ObjectBlocksContractTest extends BlockStoreContract {

  @Override
  protected BackendHarness harness() {
    return new Harness();
  }

  private static final class Harness implements BackendHarness, BackendProvider {
    private final ObjectService service = new ObjectService();
    private String location = "";

    @Override
    public BackendProvider provider() {
      return this;
    }

    @Override
    public Backend open(BackendContext context, BackendConfig config) {
      ObjectBlockStores stores =
          new ObjectBlockStores(
              service.factory(),
              true,
              ObjectBlocks.Sharing.OWN_ONLY,
              4,
              context.ioExecutor(),
              context.clock());
      BlockStoreFactory noting =
          new BlockStoreFactory() {
            @Override
            public String storageKind() {
              return stores.storageKind();
            }

            @Override
            public boolean isPersistent() {
              return stores.isPersistent();
            }

            @Override
            public BlockStore open(Spec spec) {
              location = "blocks/%016x".formatted(spec.fingerprint());
              return stores.open(spec);
            }
          };
      return new Backend() {
        @Override
        public List<BlockStoreFactory> blockStores() {
          return List.of(noting);
        }

        @Override
        public void close() {
          // The service is the harness's.
        }
      };
    }

    @Override
    public boolean damageBlock(BlockStore store, int slot) {
      service.look(
          location,
          objects -> {
            for (ObjectStat stat : objects.list("", "", 100)) {
              byte[] bytes = objects.getBytes(stat.key()).orElseThrow();
              MemorySegment object = MemorySegment.ofArray(bytes);
              if (object.get(ValueLayout.JAVA_INT_UNALIGNED, 36) == slot) {
                bytes[bytes.length / 2] ^= 4;
                objects.put(stat.key(), object, PutOptions.DEFAULT);
              }
            }
          });
      return true;
    }

    @Override
    public String name() {
      return "object-blocks";
    }

    @Override
    public SpiVersion builtFor() {
      return service.builtFor();
    }

    @Override
    public Set<String> storageKinds() {
      return service.storageKinds();
    }

    @Override
    public List<ConfigKey> configKeys() {
      return List.of();
    }

    @Override
    public Availability probe(BackendConfig config) {
      return service.probe(config);
    }

    @Override
    public void close() {
      service.close();
    }
  }
}
