package io.kvbm.testkit.broken;

import io.kvbm.api.store.LogFactory;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.OptOut;
import io.kvbm.testkit.contract.LogContract;
import java.util.List;
import java.util.Map;

/** Contracts of backends that declare to leave something out, rightly or wrongly. */
public final class DeclaringTck {

  private DeclaringTck() {}

  /** Two tests left out, each with a reason. */
  @OptOut(test = "LogContract#anEmptyLogHasNoRecord", reason = "this log starts with a record")
  public static class OptedOut extends LogContract {
    @Override
    protected BackendHarness harness() {
      return new FixtureHarness() {
        @Override
        public Map<String, String> optOuts() {
          return Map.of("LogContract#closedLogsRefuse", "named by the harness");
        }
      };
    }
  }

  /** A test left out for no reason. */
  @OptOut(test = "LogContract#closedLogsRefuse", reason = " ")
  public static class WithoutReason extends LogContract {
    @Override
    protected BackendHarness harness() {
      return new FixtureHarness();
    }
  }

  /** Leaves out a test that does not exist. */
  @OptOut(test = "LogContract#noSuchTest", reason = "a slip of the pen")
  public static class OfNoTest extends LogContract {
    @Override
    protected BackendHarness harness() {
      return new FixtureHarness();
    }
  }

  /** Says that it keeps no log, and does. */
  public static class AbsentYetThere extends LogContract {
    @Override
    protected BackendHarness harness() {
      return withoutLogs();
    }
  }

  /** Says that it keeps no log, and keeps none. */
  public static class Absent extends LogContract {
    @Override
    protected BackendHarness harness() {
      Parts.use(
          new Parts() {
            @Override
            List<LogFactory> allLogs(ReferenceState state) {
              return List.of();
            }
          });
      try {
        return withoutLogs();
      } finally {
        Parts.use(new Parts());
      }
    }
  }

  private static BackendHarness withoutLogs() {
    return new FixtureHarness() {
      @Override
      public Map<Feature, String> unsupported() {
        return Map.of(Feature.LOG, "keeps none");
      }
    };
  }
}
