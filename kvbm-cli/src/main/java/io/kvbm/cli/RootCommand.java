package io.kvbm.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that every subcommand knows too. */
@Command(
    name = "kvbm",
    description = "Keeps KV blocks in tiers, finds them again and moves them between tiers.",
    customSynopsis = "kvbm [--plugins DIR] [-hV] [--config FILE] [--json] [--verbose] COMMAND",
    footer = {
      "",
      "--plugins DIR stands first: the folder with one folder of jars for each backend.",
      "A checkout also has bench, which measures and is built when it is first used:",
      "see 'kvbm bench --help'."
    },
    sortOptions = false)
final class RootCommand {

  @Option(
      names = "--config",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = "The configuration (default: KVBM_CONFIG, or conf/kvbm.yaml of kvbm).")
  @Nullable Path config;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Print exactly one JSON document on standard output.")
  boolean json;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace of an error.")
  boolean verbose;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help and end.")
  boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version and end.")
  boolean version;
}
