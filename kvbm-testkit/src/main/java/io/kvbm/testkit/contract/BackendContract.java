package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What all contracts share: a backend opened for each test, and closed after it; refusals of what
 * the harness declares unsupported; opt-outs; the report.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ExtendWith(ContractExtension.class)
public abstract class BackendContract implements ContractSubject {

  private BackendHarness harness;
  private TestContext context;
  private Backend backend;
  private @Nullable String refused;

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
  @Override
  public final BackendHarness openHarness() {
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

  /** {@return a completion that waits as long as the harness says} */
  final RecordingCompletion completion(int blockCount) {
    return new RecordingCompletion(blockCount, harness.deadline());
  }

  /** {@return a number of bytes or rounds, scaled by the harness' effort; at least the least} */
  final int scaled(int full, int least) {
    return Math.max(least, (int) (full * harness.effort()));
  }

  /**
   * {@return what the backend offers of a feature, at least one; where the harness declares the
   * feature unsupported, the list must be empty and the test has passed}
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
    throw new RefusedAsSpecified(feature, reason);
  }

  /**
   * {@return whether a capability is there; it must be exactly where the harness does not declare
   * it unsupported. Where it is not, the caller asserts the refusal}
   */
  final boolean supports(Feature feature, boolean offered) {
    String reason = harness.unsupported().get(feature);
    assertThat(offered)
        .as(
            "%s says that it supports %s; its harness declares %s",
            harness.provider().name(), feature, reason == null ? "so" : "not, as " + reason)
        .isEqualTo(reason == null);
    if (reason != null) {
      noteRefusal(feature + ": " + reason);
    }
    return offered;
  }

  /** Remembers for the report that this test asserts a refusal. */
  @Override
  public final void noteRefusal(String what) {
    refused = what;
  }

  /** {@return what this test found refused as specified, or null} */
  @Override
  public final @Nullable String refusal() {
    return refused;
  }

  /** Fails unless a call is refused with one error case and a message of one line. */
  static KvbmException assertRefused(ErrorCode code, ThrowingCallable call) {
    KvbmException refusal = assertTyped(call);
    assertThat(refusal.code()).as("code of: %s", refusal).isEqualTo(code);
    return refusal;
  }

  /** Fails unless a call ends in a typed error with a message of one line. */
  static KvbmException assertTyped(ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).as("call that must be refused").isInstanceOf(KvbmException.class);
    assertOneLine((KvbmException) thrown);
    return (KvbmException) thrown;
  }

  /** Fails unless an error says in one line what is wrong. */
  static void assertOneLine(KvbmException error) {
    assertThat(error.getMessage()).isNotBlank().doesNotContain("\n");
  }
}
