package io.kvbm.bench.rounds;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs one benchmark once, through JMH. */
final class SubjectRun {

  private static final String ALLOCATED = "gc.alloc.rate.norm";

  /** JMH itself uses what the JVM would warn about in every fork. */
  private static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";

  private SubjectRun() {}

  static Measurement measure(Subject subject, RoundSettings settings) {
    Collection<RunResult> results;
    try {
      results = new Runner(options(subject, settings)).run();
    } catch (RunnerException e) {
      throw failure(subject, String.valueOf(e.getMessage()), e);
    }
    if (results.size() != 1) {
      throw failure(subject, "JMH gave " + results.size() + " results in place of one", null);
    }
    RunResult result = results.iterator().next();
    return new Measurement(
        subject.threads(),
        nanosPerOp(subject, result),
        secondary(CpuTimeProfiler.LABEL, subject, result),
        secondary(ALLOCATED, subject, result));
  }

  private static double nanosPerOp(Subject subject, RunResult result) {
    return result.getSecondaryResults().containsKey(TimedPart.OPS)
        ? secondary(TimedPart.NANOS, subject, result) / secondary(TimedPart.OPS, subject, result)
        : result.getPrimaryResult().getScore();
  }

  private static double secondary(String label, Subject subject, RunResult result) {
    Result<?> found = result.getSecondaryResults().get(label);
    if (found == null) {
      throw failure(subject, "JMH gave no " + label, null);
    }
    return found.getScore();
  }

  private static Options options(Subject subject, RoundSettings settings) {
    TimeValue time = TimeValue.nanoseconds(settings.nanos());
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + Pattern.quote(subject.jmhName()) + "$")
            .forks(settings.forked() ? 1 : 0)
            .jvmArgsAppend(UNSAFE)
            .threads(subject.threads())
            .warmupIterations(1)
            .warmupTime(time)
            .measurementIterations(1)
            .measurementTime(time)
            .timeUnit(TimeUnit.NANOSECONDS)
            .shouldFailOnError(true)
            .addProfiler(GCProfiler.class)
            .addProfiler(CpuTimeProfiler.class)
            .verbosity(VerboseMode.SILENT);
    subject.parameters().forEach(options::param);
    return options.build();
  }

  private static BackendException failure(
      Subject subject, String reason, @Nullable Throwable cause) {
    return new BackendException(
        ErrorCode.OPERATION_FAILED, "cannot measure " + subject.method() + ": " + reason, cause);
  }
}
