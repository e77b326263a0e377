package io.kvbm.testkit;

import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendProvider;
import java.util.List;
import java.util.Map;

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

  /** Removes what the tests left, for instance a scratch directory. */
  @Override
  default void close() {}
}
