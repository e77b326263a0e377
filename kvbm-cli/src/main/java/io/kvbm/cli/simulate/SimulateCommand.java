package io.kvbm.cli.simulate;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.policy.EvictionPolicyProvider;
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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvbm simulate}: how many blocks of a trace each policy finds, and how fast it decides. */
@Command(
    name = "simulate",
    customSynopsis = {
      "kvbm simulate --trace FILE... [--format FORMAT]",
      "              (--capacity N[,N...] | --tiers device=N,host=N,disk=N)",
      "              --policy POLICY[,POLICY...] [--report FILE] [--json] [--verbose]"
    },
    description = {
      "Runs eviction policies over a trace, without bytes, and counts hits.",
      "A request hits the longest prefix of its blocks that is there when it arrives.",
      "With lru and min among the policies, 'gap closed' is how much of the way from the one to"
          + " the other each policy goes."
    },
    sortOptions = false)
final class SimulateCommand implements Subcommand {

  /** Stands for every policy there is. */
  private static final String ALL = "all";

  private static final int[] REPORTED_PERCENTS = {1, 2, 5, 10, 20, 50};

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
      split = ",",
      paramLabel = "N",
      description = {
        "Blocks the tier keeps; several, separated by commas, are tried in turn.",
        "With --report and without --tiers: 1, 2, 5, 10, 20 and 50 %% of the distinct blocks."
      })
  private @Nullable List<Long> capacities;

  @Option(
      names = "--tiers",
      paramLabel = "TIERS",
      converter = TierSizes.Converter.class,
      description = {
        "Blocks of several tiers instead, as device=N,host=N,disk=N: what a tier evicts goes to the"
            + " next, what is used goes to the first.",
        "min then has one tier as large as all together."
      })
  private @Nullable TierSizes tiers;

  @Option(
      names = "--policy",
      required = true,
      split = ",",
      paramLabel = "POLICY",
      completionCandidates = PolicyNames.class,
      description =
          "Eviction policies, separated by commas, or all: ${COMPLETION-CANDIDATES}; min sees the"
              + " future.")
  private List<String> policies;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Also write a page of HTML with the hit ratios as a chart; replaces the file.")
  private @Nullable Path report;

  @Override
  public int run(Console console) {
    checkSizes();
    checkReport();
    List<String> names = chosenPolicies();
    Trace trace = read(console);
    References references = References.of(trace);
    List<PolicyScore> scores = score(references, names, console);
    if (console.isJson()) {
      console.document(json -> write(trace, references, scores, json));
    } else {
      print(trace, references, scores, console);
    }
    if (report != null) { // last: what it took long to find out is told whatever the disk does
      writeReport(report, trace, references, scores);
    }
    return OK;
  }

  private void checkSizes() {
    if (tiers != null && capacities != null) {
      throw new ParameterException(
          spec.commandLine(), "--capacity and --tiers exclude each other; give one of them");
    }
    if (tiers == null && capacities == null && report == null) {
      throw new ParameterException(
          spec.commandLine(), "Missing required option: --capacity=N or --tiers=TIERS");
    }
    for (long capacity : capacities == null ? List.<Long>of() : capacities) {
      if (capacity < 1) {
        throw new ParameterException(
            spec.commandLine(), "--capacity %d is no number of blocks above 0".formatted(capacity));
      }
    }
  }

  /** Before a run of minutes, not after it. */
  private void checkReport() {
    if (report == null) {
      return;
    }
    if (Files.exists(report)) {
      if (Files.isDirectory(report) || !Files.isWritable(report)) {
        throw new ParameterException(
            spec.commandLine(), "--report %s is no file that can be replaced".formatted(report));
      }
      return;
    }
    Path folder = report.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw new ParameterException(
          spec.commandLine(),
          "--report %s: %s is no directory that can be written to".formatted(report, folder));
    }
  }

  private List<String> chosenPolicies() {
    List<String> known = PolicyNames.all();
    Set<String> chosen = new LinkedHashSet<>();
    for (String policy : policies) {
      if (policy.equals(ALL)) {
        chosen.addAll(known);
      } else if (known.contains(policy)) {
        chosen.add(policy);
      } else {
        throw new ParameterException(
            spec.commandLine(),
            "unknown policy '%s'; known: %s".formatted(policy, String.join(", ", known)));
      }
    }
    return List.copyOf(chosen);
  }

  private List<Long> capacities(References references) {
    if (capacities != null) {
      return capacities;
    }
    Set<Long> shares = new LinkedHashSet<>();
    for (int percent : REPORTED_PERCENTS) {
      shares.add(Math.max(1, (long) references.uniqueCount() * percent / 100));
    }
    return List.copyOf(shares);
  }

  private Trace read(Console console) {
    TraceFiles files = TraceFiles.find(traces);
    try (ProgressBar bar = console.progress("reading", "bytes", files.byteSize())) {
      return files.read(format, bar::advance);
    }
  }

  private List<PolicyScore> score(References references, List<String> names, Console console) {
    List<Long> sizes = tiers == null ? capacities(references) : List.of(tiers.total());
    long total = Contest.cost(references, names.size() * sizes.size());
    try (ProgressBar bar = console.progress("simulating", "refs", total)) {
      Contest contest = new Contest(references, bar::advance);
      List<PolicyScore> scores = new ArrayList<>();
      for (String policy : names) {
        for (long capacity : sizes) {
          scores.add(score(contest, policy, capacity));
        }
      }
      return scores;
    }
  }

  private PolicyScore score(Contest contest, String policy, long capacity) {
    if (policy.equals(MinPolicy.NAME)) {
      return contest.scoreMin(capacity);
    }
    EvictionPolicyProvider provider = EvictionPolicies.of(policy);
    return tiers == null ? contest.score(provider, capacity) : contest.score(provider, tiers);
  }

  private static void writeReport(
      Path file, Trace trace, References references, List<PolicyScore> scores) {
    try {
      new SimulationReport("kvbm simulate: " + trace.name(), size(trace, references), scores)
          .write(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String size(Trace trace, References references) {
    return "%d requests, %d blocks, %d of them distinct"
        .formatted(trace.requestCount(), trace.blockCount(), references.uniqueCount());
  }

  private void write(
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
      OptionalDouble gap = score.gapClosed(scores);
      if (gap.isPresent()) {
        json.writeNumberField("gapClosed", gap.getAsDouble());
      }
      if (hasTiers(score)) {
        json.writeObjectFieldStart("tiers");
        for (int i = 0; i < score.tierHits().size(); i++) {
          json.writeNumberField(tierName(i), score.tierHits().get(i));
        }
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void print(
      Trace trace, References references, List<PolicyScore> scores, Console console) {
    console.line(trace.name() + ": " + size(trace, references));
    console.line("");
    List<String> header =
        new ArrayList<>(List.of("policy", ">capacity", ">hits", ">hit ratio", ">refs/s"));
    boolean hasGaps = scores.stream().anyMatch(score -> score.gapClosed(scores).isPresent());
    if (hasGaps) {
      header.add(">gap closed");
    }
    if (tiers != null) {
      tiers.levels().forEach(level -> header.add(">" + level.text()));
    }
    Table table = new Table(header.toArray(String[]::new));
    for (PolicyScore score : scores) {
      table.row(row(score, scores, hasGaps).toArray(String[]::new));
    }
    table.print(console);
  }

  private List<String> row(PolicyScore score, List<PolicyScore> scores, boolean hasGaps) {
    List<String> row =
        new ArrayList<>(
            List.of(
                score.policy(),
                Long.toString(score.capacity()),
                Long.toString(score.hits()),
                String.format(Locale.ROOT, "%.4f", score.hitRatio()),
                Quantity.format((double) score.refsPerSecond())));
    if (hasGaps) {
      OptionalDouble gap = score.gapClosed(scores);
      row.add(
          gap.isPresent() ? String.format(Locale.ROOT, "%.1f %%", 100 * gap.getAsDouble()) : "");
    }
    for (int i = 0; tiers != null && i < tiers.levels().size(); i++) {
      row.add(hasTiers(score) ? Long.toString(score.tierHits().get(i)) : "");
    }
    return row;
  }

  private boolean hasTiers(PolicyScore score) {
    return tiers != null && score.tierHits().size() == tiers.levels().size();
  }

  private String tierName(int index) {
    return Objects.requireNonNull(tiers).levels().get(index).text();
  }
}
