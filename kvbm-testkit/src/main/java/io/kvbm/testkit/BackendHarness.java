package io.kvbm.testkit;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.store.BlockStore;
import io.kvbm.testkit.disk.SimDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the contracts need to know of one backend. A backend's tests implement it once; every
 * contract class asks for a new harness for each test and closes it after the test.
 */
public interface BackendHarness extends AutoCloseable {

  /** {@return the backend under test} */
  BackendProvider provider();

  /** {@return settings to open it with; the same for each call on one harness} */
  default BackendConfig config() {
    return BackendConfig.empty();
  }

  /** {@return a context to open it with; the contract closes it} */
  default TestContext context() {
    return new TestContext();
  }

  /**
   * {@return what the backend leaves out, each with the reason in one line; everything else is
   * tested}
   */
  default Map<Feature, String> unsupported() {
    return Map.of();
  }

  /**
   * {@return the layouts to be tested: those of the backend unless a harness adds others}
   *
   * @param backend the open backend
   */
  default List<LayoutProvider> layouts(Backend backend) {
    return backend.layouts();
  }

  /**
   * {@return what an object store or log of the backend takes as its location; one name gives one
   * location}
   *
   * @param name {@code [a-z0-9-]+}
   */
  default String location(String name) {
    return name;
  }

  /** {@return an allocation that cannot succeed, in bytes, and must be refused without harm} */
  default long impossibleByteSize() {
    return 1L << 60;
  }

  /**
   * {@return tests to be left out, each {@code Contract#test} with its reason; see {@link OptOut}}
   */
  default Map<String, String> optOuts() {
    return Map.of();
  }

  /** {@return settings for a second backend beside that of {@link #config()}} */
  default BackendConfig otherConfig() {
    return config();
  }

  /**
   * {@return what can be broken under the open backend, beyond what any backend can be subjected
   * to; every call on the backend must then work or end in a typed error}
   *
   * @param context what the backend was opened with
   */
  default List<Fault> faults(TestContext context) {
    return List.of();
  }

  /**
   * Changes a byte of a block behind the back of its store, as a torn write or a decaying medium
   * does.
   *
   * @param store the open store
   * @param slot holds a block
   * @return whether this harness can do so
   */
  default boolean damageBlock(BlockStore store, int slot) {
    return false;
  }

  /** {@return files the backend left in places the harness gave it; none once it is closed} */
  default List<Path> leftovers() {
    return List.of();
  }

  /** {@return how long an operation may take before it counts as lost} */
  default Duration deadline() {
    return Duration.ofSeconds(60);
  }

  /**
   * {@return how much of each thing the contracts move, store and repeat: 1 is everything, 0.1 a
   * tenth; the assertions are the same}
   */
  default double effort() {
    return 1;
  }

  /**
   * {@return an empty directory of a disk that the backend lends; the harness removes it when it is
   * closed}
   *
   * @param disk the first of {@link Backend#disks()}
   * @implSpec a harness whose backend lends a disk must say where
   */
  default Path diskDirectory(Disk disk) {
    throw new AssertionError(
        "the backend lends disk '%s': let the harness name an empty directory of it in"
                .formatted(disk.name())
            + " diskDirectory, or declare DISK unsupported");
  }

  /**
   * {@return a disk as it is found after its power was cut now; empty where a test cannot cut it}
   *
   * @param disk the first of {@link Backend#disks()}
   */
  default Optional<Disk> afterPowerCut(Disk disk) {
    if (disk instanceof SimDisk simulated) {
      simulated.powerCut();
      return Optional.of(simulated.reboot());
    }
    return Optional.empty();
  }

  /** Removes what the tests left, for instance a scratch directory. */
  @Override
  default void close() {}
}
