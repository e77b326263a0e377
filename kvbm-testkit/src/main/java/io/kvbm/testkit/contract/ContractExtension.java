package io.kvbm.testkit.contract;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.ContractReport.Outcome;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Ends tests of what is left out and refused as specified, honours opt-outs, and counts how every
 * test ended. Uses only what JUnit 5.14 and 6 have in common; it keeps no state of its own.
 */
public final class ContractExtension
    implements InvocationInterceptor,
        LifecycleMethodExecutionExceptionHandler,
        AfterEachCallback,
        AfterAllCallback {

  /** Where reports go, as a JUnit configuration parameter or system property. */
  static final String DIRECTORY = "kvbm.testkit.reports";

  /** Whether tests opted out of run all the same and must fail. */
  static final String VERIFY = "kvbm.testkit.verifyOptOuts";

  private static final Namespace NAMESPACE = Namespace.create(ContractExtension.class);
  private static final String OPTED_OUT = "opted out";
  private static final String REFUSED = "refused";
  private static final String BACKEND = "backend";

  /** Creates the extension; called by JUnit. */
  public ContractExtension() {}

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    ContractSubject subject = subject(context);
    if (thrown instanceof RefusedAsSpecified refused && subject != null) {
      subject.noteRefusal(refused.what());
      context.getStore(NAMESPACE).put(REFUSED, refused.what());
    } else if (optOut(context) == null) {
      throw thrown;
    }
  }

  @Override
  public void interceptTestMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    run(invocation, context);
  }

  @Override
  public void interceptTestTemplateMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    run(invocation, context);
  }

  private static void run(Invocation<@Nullable Void> invocation, ExtensionContext context)
      throws Throwable {
    ContractSubject subject = subject(context);
    String reason = optOut(context);
    if (reason != null) {
      leaveOut(invocation, context, reason);
    } else if (context.getStore(NAMESPACE).get(REFUSED) != null) {
      invocation.skip(); // the refusal was all there is to test
    } else {
      try {
        invocation.proceed();
      } catch (RefusedAsSpecified refused) {
        if (subject == null) {
          throw refused;
        }
        subject.noteRefusal(refused.what());
      }
    }
  }

  private static void leaveOut(
      Invocation<@Nullable Void> invocation, ExtensionContext context, String reason)
      throws Throwable {
    context.getStore(NAMESPACE).put(OPTED_OUT, reason);
    if (!context.getConfigurationParameter(VERIFY).map(Boolean::parseBoolean).orElse(false)) {
      invocation.skip();
    } else if (passes(invocation)) {
      context.getStore(NAMESPACE).remove(OPTED_OUT);
      throw new AssertionError(
          "the opt-out of %s is not needed, the test passes: remove it".formatted(test(context)));
    }
    Assumptions.abort("opted out: " + reason);
  }

  private static boolean passes(Invocation<@Nullable Void> invocation) {
    try {
      invocation.proceed();
      return true;
    } catch (Throwable expected) {
      return false;
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    ContractSubject subject = subject(context);
    BackendHarness harness = subject == null ? null : subject.openHarness();
    if (subject == null || harness == null) {
      return;
    }
    String optOut = context.getStore(NAMESPACE).get(OPTED_OUT, String.class);
    Optional<Throwable> thrown = context.getExecutionException();
    Outcome outcome = Outcome.PASSED;
    String reason = "";
    if (thrown.isPresent() && !isAborted(thrown.get())) {
      outcome = Outcome.FAILED;
      reason = String.valueOf(thrown.get().getMessage()).lines().findFirst().orElse("");
    } else if (optOut != null) {
      outcome = Outcome.OPTED_OUT;
      reason = optOut;
    } else if (thrown.isPresent()) {
      outcome = Outcome.SKIPPED;
      reason = String.valueOf(thrown.get().getMessage());
    } else if (subject.refusal() != null) {
      outcome = Outcome.REFUSED;
      reason = subject.refusal();
    }
    String backend = harness.provider().name();
    report(context)
        .add(backend, suite(context), contract(context), method(context), outcome, reason);
    classContext(context).getStore(NAMESPACE).put(BACKEND, backend);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    String backend = context.getStore(NAMESPACE).get(BACKEND, String.class);
    if (backend != null) {
      String contract = contract(context);
      context.publishReportEntry(
          "kvbm-testkit " + backend + " " + contract,
          report(context).summary(backend, suite(context), contract));
    }
  }

  private static boolean isAborted(Throwable thrown) {
    return thrown.getClass().getName().equals("org.opentest4j.TestAbortedException");
  }

  private static @Nullable ContractSubject subject(ExtensionContext context) {
    return context.getTestInstance().orElse(null) instanceof ContractSubject subject
        ? subject
        : null;
  }

  /** {@return why the running test is left out, or null where it runs} */
  private static @Nullable String optOut(ExtensionContext context) {
    ContractSubject subject = subject(context);
    BackendHarness harness = subject == null ? null : subject.openHarness();
    if (harness == null) {
      return null;
    }
    Map<String, String> optOuts = Declarations.optOuts(harness, context);
    return optOuts.get(test(context));
  }

  private static ContractReport report(ExtensionContext context) {
    ExtensionContext.Store store = context.getRoot().getStore(NAMESPACE);
    // JUnit 5.14 and 6 have no call in common that makes a value where there is none.
    synchronized (ContractExtension.class) {
      ContractReport report = store.get(ContractReport.class, ContractReport.class);
      if (report == null) {
        report =
            new ContractReport(
                Path.of(
                    context.getConfigurationParameter(DIRECTORY).orElse("target/kvbm-testkit")));
        store.put(ContractReport.class, report);
      }
      return report;
    }
  }

  private static String test(ExtensionContext context) {
    return contract(context) + "#" + method(context);
  }

  private static String method(ExtensionContext context) {
    return context.getRequiredTestMethod().getName();
  }

  private static String contract(ExtensionContext context) {
    return Contracts.nameOf(context.getRequiredTestClass());
  }

  /** {@return the name of the outermost test class} */
  private static String suite(ExtensionContext context) {
    ExtensionContext outermost = context;
    for (ExtensionContext at = context;
        at.getTestClass().isPresent();
        at = at.getParent().orElseThrow()) {
      outermost = at;
    }
    return outermost.getRequiredTestClass().getSimpleName();
  }

  private static ExtensionContext classContext(ExtensionContext context) {
    ExtensionContext at = context;
    while (at.getTestMethod().isPresent()) {
      at = at.getParent().orElseThrow();
    }
    return at;
  }
}
