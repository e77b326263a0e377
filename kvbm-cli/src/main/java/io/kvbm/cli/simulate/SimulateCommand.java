package io.kvbm.cli.simulate;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import io.kvbm.cli.console.Quantity;
import io.kvbm.cli.console.Table;
import io.kvbm.cli.spi.Subcommand;
import io.kvbm.cli.trace.Trace;
import io.kvbm.cli.trace.TraceFiles;
import io.kvbm.cli.trace.TraceFormat;
import io.kvbm.core.policy.EvictionPolicies;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvbm simulate}: how many blocks of a trace each policy finds, and how fast it decides. */
@Command(
    name = "simulate",
    customSynopsis = {
      "kvbm simulate --trace FILE... [--format FORMAT] --capacity N[,N...]",
      "              --policy POLICY[,POLICY...] [--json] [--verbose]"
    },
    description = {
      "Runs eviction policies over a trace, without bytes, and counts hits.",
      "A request hits the longest prefix of its blocks that is there when it arrives."
    },
    sortOptions = false)
final class SimulateCommand implements Subcommand {

  @Spec private CommandSpec spec;

  @Option(
      names = "--trace",
      required = true,
      arity = "1..*",
      paramLabel = "FILE",
      description = "The trace; for weka also several files or a folder, which are merged.")
  private List<Path> traces;

  @Option(
      names = "--format",
      defaultValue = "auto",
      paramLabel = "FORMAT",
      converter = TraceFormat.Converter.class,
      description = "How it is written: auto, mooncake or weka (default: ${DEFAULT-VALUE}).")
  private TraceFormat format;

  @Option(
      names = "--capacity",
      required = true,
      split = ",",
      paramLabel = "N",
      description = "Blocks the tier keeps; several, separated by commas, are tried in turn.")
  private List<Long> capacities;

  @Option(
      names = "--policy",
      required = true,
      split = ",",
      paramLabel = "POLICY",
      completionCandidates = PolicyNames.class,
      description =
          "Eviction policies, separated by commas: ${COMPLETION-CANDIDATES}; min sees the future.")
  private List<String> policies;

  @Override
  public int run(Console console) {
    checkCapacities();
    checkPolicies();
    Trace trace = read(console);
    References references = References.of(trace);
    List<PolicyScore> scores = score(references, console);
    if (console.isJson()) {
      console.document(json -> write(trace, references, scores, json));
    } else {
      print(trace, references, scores, console);
    }
    return OK;
  }

  private void checkCapacities() {
    for (long capacity : capacities) {
      if (capacity < 1) {
        throw new ParameterException(
            spec.commandLine(), "--capacity %d is no number of blocks above 0".formatted(capacity));
      }
    }
  }

  private void checkPolicies() {
    List<String> known = PolicyNames.all();
    for (String policy : policies) {
      if (!known.contains(policy)) {
        throw new ParameterException(
            spec.commandLine(),
            "unknown policy '%s'; known: %s".formatted(policy, String.join(", ", known)));
      }
    }
  }

  private Trace read(Console console) {
    TraceFiles files = TraceFiles.find(traces);
    try (ProgressBar bar = console.progress("reading", "bytes", files.byteSize())) {
      return files.read(format, bar::advance);
    }
  }

  private List<PolicyScore> score(References references, Console console) {
    long total = Contest.cost(references, policies.size() * capacities.size());
    try (ProgressBar bar = console.progress("simulating", "refs", total)) {
      Contest contest = new Contest(references, bar::advance);
      List<PolicyScore> scores = new ArrayList<>();
      for (String policy : policies) {
        for (long capacity : capacities) {
          scores.add(
              policy.equals(MinPolicy.NAME)
                  ? contest.scoreMin(capacity)
                  : contest.score(EvictionPolicies.of(policy), capacity));
        }
      }
      return scores;
    }
  }

  private static void write(
      Trace trace, References references, List<PolicyScore> scores, JsonGenerator json)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("trace", trace.name());
    json.writeNumberField("requests", trace.requestCount());
    json.writeNumberField("blocks", trace.blockCount());
    json.writeNumberField("unique", references.uniqueCount());
    json.writeArrayFieldStart("results");
    for (PolicyScore score : scores) {
      json.writeStartObject();
      json.writeStringField("policy", score.policy());
      json.writeNumberField("capacity", score.capacity());
      json.writeNumberField("hits", score.hits());
      json.writeNumberField("hitRatio", score.hitRatio());
      json.writeNumberField("refsPerSecond", score.refsPerSecond());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void print(
      Trace trace, References references, List<PolicyScore> scores, Console console) {
    console.line(
        "%s: %d requests, %d blocks, %d of them distinct"
            .formatted(
                trace.name(), trace.requestCount(), trace.blockCount(), references.uniqueCount()));
    console.line("");
    Table table = new Table("policy", ">capacity", ">hits", ">hit ratio", ">refs/s");
    for (PolicyScore score : scores) {
      table.row(
          score.policy(),
          Long.toString(score.capacity()),
          Long.toString(score.hits()),
          String.format(Locale.ROOT, "%.4f", score.hitRatio()),
          Quantity.format((double) score.refsPerSecond()));
    }
    table.print(console);
  }
}
