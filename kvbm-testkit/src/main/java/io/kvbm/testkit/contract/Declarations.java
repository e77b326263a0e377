package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.OptOut;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What a backend declares to leave out: every declaration has a reason and names what exists. */
final class Declarations {

  private Declarations() {}

  /** {@return reasons by {@code Contract#test}, checked} */
  static Map<String, String> optOuts(BackendHarness harness, ExtensionContext context) {
    Map<String, String> optOuts = new TreeMap<>(harness.optOuts());
    List<Object> instances = context.getRequiredTestInstances().getAllInstances();
    for (Object instance : instances) {
      for (OptOut optOut : instance.getClass().getAnnotationsByType(OptOut.class)) {
        optOuts.put(optOut.test(), optOut.reason());
      }
    }
    optOuts.forEach(Declarations::verify);
    harness
        .unsupported()
        .forEach(
            (feature, reason) ->
                assertThat(reason)
                    .as("reason why %s is unsupported; say it in one line", feature)
                    .isNotBlank()
                    .doesNotContain("\n"));
    return optOuts;
  }

  private static void verify(String test, String reason) {
    assertThat(reason)
        .as("reason of the opt-out of %s; say it in one line", test)
        .isNotBlank()
        .doesNotContain("\n");
    assertThat(Contracts.hasTest(test))
        .as("opt-out names a test that exists, as Contract#test: %s", test)
        .isTrue();
  }
}
