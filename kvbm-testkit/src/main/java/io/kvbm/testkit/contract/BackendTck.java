package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.Backend;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.disk.DiskContract;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Every contract of a backend. A backend's tests hold one subclass and one harness; what the
 * backend leaves out the harness declares, with the reason.
 *
 * {@snippet :
 * class MyBackendTckTest extends BackendTck {
 *   @Override
 *   protected BackendHarness harness() {
 *     return new MyHarness();
 *   }
 * }
 * }
 */
public abstract class BackendTck {

  /** Creates the suite; called by JUnit. */
  protected BackendTck() {}

  /** {@return a new harness of the backend under test; the contract that asks closes it} */
  protected abstract BackendHarness harness();

  /** See {@link ProviderContract}. */
  @Nested
  class Provider extends ProviderContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link AllocatorContract}. */
  @Nested
  class Allocator extends AllocatorContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link StorageContract}. */
  @Nested
  class Storage extends StorageContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link LayoutContract}. */
  @Nested
  class Layout extends LayoutContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link TransportContract}. */
  @Nested
  class Transport extends TransportContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link BlockStoreContract}. */
  @Nested
  class BlockStore extends BlockStoreContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link ObjectStoreContract}. */
  @Nested
  class ObjectStore extends ObjectStoreContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link LogContract}. */
  @Nested
  class Log extends LogContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link LifecycleContract}. */
  @Nested
  class Lifecycle extends LifecycleContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link LeakContract}. */
  @Nested
  class Leak extends LeakContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link FaultContract}. */
  @Nested
  class Fault extends FaultContract {
    @Override
    protected BackendHarness harness() {
      return BackendTck.this.harness();
    }
  }

  /** See {@link DiskContract}, for the first disk the backend lends. */
  @Nested
  @ExtendWith(ContractExtension.class)
  class Disks extends DiskContract implements ContractSubject {
    private @Nullable BackendHarness harness;
    private @Nullable TestContext context;
    private @Nullable Backend backend;
    private @Nullable Disk disk;
    private @Nullable Path directory;

    /** What JUnit calls in the middle of a test comes after {@link #openDisk}. */
    private static <T> T opened(@Nullable T value) {
      return Objects.requireNonNull(value, "the disk is opened before each test");
    }

    private @Nullable String refused;

    @BeforeEach
    void openDisk() {
      harness = BackendTck.this.harness();
      context = harness.context();
      backend = harness.provider().open(context, harness.config());
      List<Disk> disks = backend.disks();
      String reason = harness.unsupported().get(Feature.DISK);
      assertThat(disks.isEmpty()).as("no disk, declared %s", reason).isEqualTo(reason != null);
      if (reason != null) {
        throw new RefusedAsSpecified(Feature.DISK, reason);
      }
      disk = disks.getFirst();
      directory = harness.diskDirectory(disk);
    }

    @AfterEach
    void closeDisk() {
      try (BackendHarness _ = harness;
          TestContext _ = context;
          Backend _ = backend) {
        // Closed in reverse order, each even where one before it failed.
      }
    }

    @Override
    protected Disk disk() {
      return opened(disk);
    }

    @Override
    protected Path directory() {
      return opened(directory);
    }

    @Override
    protected Optional<Disk> afterPowerCut() {
      return opened(harness).afterPowerCut(opened(disk));
    }

    @Override
    public @Nullable BackendHarness openHarness() {
      return harness;
    }

    @Override
    public @Nullable String refusal() {
      return refused;
    }

    @Override
    public void noteRefusal(String what) {
      refused = what;
    }
  }
}
