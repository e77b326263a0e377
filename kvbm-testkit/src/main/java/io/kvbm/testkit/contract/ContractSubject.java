package io.kvbm.testkit.contract;

import io.kvbm.testkit.BackendHarness;
import org.jspecify.annotations.Nullable;

/** A running contract that knows its backend: what the extension counts and may leave out. */
interface ContractSubject {

  /** {@return the harness of the running test, or null before it was made} */
  @Nullable BackendHarness openHarness();

  /** {@return what this test found refused as specified, or null} */
  @Nullable String refusal();

  /** Remembers for the report that this test asserts a refusal. */
  void noteRefusal(String what);
}
