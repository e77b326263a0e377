package io.kvbm.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Asserts that a call is refused with an error of kvbm's own. */
@SuppressWarnings("exports") // AssertJ's types: the compiler takes tests for a part of the module.
public final class Refusals {

  private Refusals() {}

  /** Asserts the code of the error and that its message is one line. */
  public static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      ErrorCode code, ThrowingCallable call) {
    return assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            KvbmException.class,
            e -> {
              assertThat(e.code()).as(e.getMessage()).isEqualTo(code);
              assertThat(e.kind()).isEqualTo(code.kind());
              assertThat(e.getMessage()).doesNotContain("\n").isNotBlank();
            });
  }
}
