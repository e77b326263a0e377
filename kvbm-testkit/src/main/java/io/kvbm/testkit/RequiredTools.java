package io.kvbm.testkit;

import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/**
 * Skips a test that needs a tool this machine lacks, unless the environment variable {@value
 * #VARIABLE} names the tool (comma separated): then the test fails instead, so that a machine meant
 * to run everything cannot skip quietly.
 */
public final class RequiredTools {

  /** The environment variable. */
  public static final String VARIABLE = "KVBM_REQUIRE";

  private RequiredTools() {}

  /**
   * Goes on where the tool is present; else skips or fails.
   *
   * @param tool its name, as in the environment variable
   * @param present whether this machine has it
   * @param reason one line: what is missing and what would help
   */
  public static void assumeOrFail(String tool, boolean present, String reason) {
    assumeOrFail(tool, present, reason, System.getenv());
  }

  static void assumeOrFail(
      String tool, boolean present, String reason, Map<String, String> environment) {
    if (present) {
      return;
    }
    boolean required =
        Arrays.stream(environment.getOrDefault(VARIABLE, "").split(","))
            .map(String::strip)
            .anyMatch(tool::equals);
    if (required) {
      fail("%s requires '%s': %s".formatted(VARIABLE, tool, reason));
    }
    Assumptions.abort("needs '" + tool + "': " + reason);
  }
}
