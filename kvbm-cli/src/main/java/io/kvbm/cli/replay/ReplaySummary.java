package io.kvbm.cli.replay;

import io.kvbm.api.spi.ByteSizes;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.Quantity;
import io.kvbm.cli.console.Table;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.RouteUse;
import java.util.Locale;

/** Prints a report for people. */
final class ReplaySummary {

  private ReplaySummary() {}

  static void print(ReplayReport report, PlainSpeed plain, ReplayOptions options, Console console) {
    console.line(
        "%s: %d requests asked for %d blocks of %s"
            .formatted(
                report.trace(),
                report.requests(),
                report.blocks(),
                ByteSizes.format(options.blockByteSize())));
    console.line("");
    printTiers(report, options, console);
    console.line("");
    printRoutes(report, plain, console);
    console.line("");
    if (options.capacity(CacheLevel.DEVICE) > 0
        && options.backend(CacheLevel.DEVICE).equals("system")) {
      console.line("No GPU is used: the device tier is system memory.");
    }
    if (report.warmth().recovered() > 0) {
      console.line(
          "%d blocks of a former run were found on disk in %.3f s; %s of them were used again."
              .formatted(
                  report.warmth().recovered(),
                  report.warmth().recoverySeconds(),
                  share(report.warmth().hits(), report.warmth().recovered())));
    }
    if (report.lost() > 0) {
      console.line(
          "%d blocks were found below but could not be brought up; they count as misses."
              .formatted(report.lost()));
    }
    if (report.late() + report.avoided() > 0) {
      console.line(
          "%d blocks had not come up at the deadline, %d were not worth it; they count as misses."
              .formatted(report.late(), report.avoided()));
    }
    FaultReport faults = report.faults();
    if (faults.caught() > 0) {
      console.line(
          "%d blocks failed, %d were damaged and %d stalled on purpose: %d of %d were noticed."
              .formatted(
                  faults.failed(),
                  faults.corrupted(),
                  faults.stalled(),
                  faults.caught(),
                  faults.failed() + faults.corrupted() + faults.stalled()));
    }
    FirstTokens first = report.firstTokens();
    console.line(
        "First tokens: %.1f s of waiting and computing, %.1f s without a cache; %d requests waited longer."
            .formatted(first.seconds(), first.secondsWithout(), first.worse()));
    console.line(
        "%.1f s, %s blocks/s; %s"
            .formatted(
                report.seconds(), Quantity.format(report.blocksPerSecond()), verdict(report)));
  }

  private static String verdict(ReplayReport report) {
    long checked = report.blocks() - report.misses();
    if (report.wrongBlocks() == 0) {
      return "all %d blocks that came back were compared in full: none was wrong"
          .formatted(checked);
    }
    return "%d of %d blocks that came back were WRONG%s"
        .formatted(
            report.wrongBlocks(),
            checked,
            report.sabotaged() > 0 ? " (" + report.sabotaged() + " were sabotaged)" : "");
  }

  private static void printTiers(ReplayReport report, ReplayOptions options, Console console) {
    Table table = new Table("tier", ">blocks", ">size", "backend", ">served", ">share", ">evicted");
    for (CacheLevel level : CacheLevel.values()) {
      int capacity = options.capacity(level);
      if (capacity > 0) {
        table.row(
            level.text(),
            Integer.toString(capacity),
            ByteSizes.format(options.byteSize(level)),
            options.backend(level),
            Long.toString(report.hitsOf(level)),
            share(report.hitsOf(level), report.blocks()),
            Long.toString(report.evictions().getOrDefault(level.text(), 0L)));
      }
    }
    table.row(
        "filled anew",
        "",
        "",
        "",
        Long.toString(report.misses()),
        share(report.misses(), report.blocks()),
        "");
    table.print(console);
  }

  private static void printRoutes(ReplayReport report, PlainSpeed plain, Console console) {
    Table table = new Table("moved", ">blocks", ">bytes", ">blocks/s", ">GB/s");
    for (RouteUse route : report.routes()) {
      table.row(
          route.route(),
          Long.toString(route.blocks()),
          ByteSizes.format(route.byteSize()),
          Quantity.format(ReplayDocument.perSecond(route.blocks(), route.nanos())),
          gigabytes(ReplayDocument.perSecond(route.byteSize(), route.nanos())));
    }
    printPlain("plain memory copy", plain.memcpyBytesPerSecond(), table);
    printPlain("plain file write", plain.fileWriteBytesPerSecond(), table);
    table.print(console);
  }

  private static void printPlain(String name, double bytesPerSecond, Table table) {
    if (bytesPerSecond > 0) {
      table.row(name, "", "", "", gigabytes(bytesPerSecond));
    }
  }

  private static String share(long part, long whole) {
    return String.format(Locale.ROOT, "%.1f %%", whole == 0 ? 0.0 : 100.0 * part / whole);
  }

  private static String gigabytes(double bytesPerSecond) {
    return String.format(Locale.ROOT, "%.2f", bytesPerSecond / 1e9);
  }
}
