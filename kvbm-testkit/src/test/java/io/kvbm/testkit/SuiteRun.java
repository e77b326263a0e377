package io.kvbm.testkit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.kvbm.testkit.broken.ReferenceTck;
import java.io.PrintWriter;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Runs the suite on the reference backend with whatever JUnit is on the class path: the build
 * starts it on the oldest line of JUnit that the test kit supports.
 */
public final class SuiteRun {

  /** Fewer tests than this mean that contracts were not found. */
  private static final int TESTS_AT_LEAST = 150;

  private SuiteRun() {}

  /**
   * Runs the suite; ends with status 1 if a test fails.
   *
   * @param arguments the version of JUnit that is expected
   */
  public static void main(String[] arguments) {
    String version = org.junit.jupiter.api.Test.class.getPackage().getImplementationVersion();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(ReferenceTck.class))
            .configurationParameter("kvbm.testkit.reports", "target/kvbm-testkit/junit-" + version)
            .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, listener);
    TestExecutionSummary summary = listener.getSummary();
    boolean sound =
        arguments[0].equals(version)
            && summary.getTotalFailureCount() == 0
            && summary.getTestsSucceededCount() >= TESTS_AT_LEAST;
    if (!sound) {
      PrintWriter errors = new PrintWriter(System.err, true);
      errors.printf(
          "JUnit %s (expected %s): %d tests passed, %d failed%n",
          version, arguments[0], summary.getTestsSucceededCount(), summary.getTotalFailureCount());
      summary.printFailuresTo(errors, 5);
      System.exit(1);
    }
    System.out.printf(
        "JUnit %s: %d contract tests passed%n", version, summary.getTestsSucceededCount());
  }
}
