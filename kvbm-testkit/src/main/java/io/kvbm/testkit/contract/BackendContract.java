package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.TestContext;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** What all contracts share: a backend opened for each test, and closed after it. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class BackendContract {

  private BackendHarness harness;
  private TestContext context;
  private Backend backend;

  /** Creates the contract; called by JUnit. */
  protected BackendContract() {}

  /** {@return a new harness of the backend under test; the contract closes it} */
  protected abstract BackendHarness harness();

  @BeforeEach
  final void openBackend() {
    harness = harness();
    context = harness.context();
    backend = harness.provider().open(context, harness.config());
  }

  @AfterEach
  final void closeBackend() {
    try (BackendHarness _ = harness;
        TestContext _ = context;
        Backend _ = backend) {
      // Closed in reverse order, each even where one before it failed.
    }
  }

  /** {@return the harness of this test} */
  protected final BackendHarness openHarness() {
    return harness;
  }

  /** {@return the context the backend was opened with} */
  protected final TestContext context() {
    return context;
  }

  /** {@return the open backend} */
  protected final Backend backend() {
    return backend;
  }

  /**
   * {@return what the backend offers of a feature, at least one; where the harness declares the
   * feature unsupported, the list must be empty and the test ends here with the reason}
   */
  final <T> List<T> offered(Feature feature, Function<Backend, List<T>> list) {
    List<T> offered = list.apply(backend);
    String reason = harness.unsupported().get(feature);
    if (reason == null) {
      assertThat(offered).as("%s offered by %s", feature, harness.provider().name()).isNotEmpty();
      return offered;
    }
    assertThat(offered)
        .as("%s, which %s declares unsupported (%s)", feature, harness.provider().name(), reason)
        .isEmpty();
    return Assumptions.abort(harness.provider().name() + " has no " + feature + ": " + reason);
  }

  /** Fails unless a call is refused with one error case and a message of one line. */
  static KvbmException assertRefused(ErrorCode code, ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).as("call that %s must refuse", code).isInstanceOf(KvbmException.class);
    KvbmException refusal = (KvbmException) thrown;
    assertThat(refusal.code()).as("code of: %s", refusal).isEqualTo(code);
    assertThat(refusal.getMessage()).isNotBlank().doesNotContain("\n");
    return refusal;
  }
}
