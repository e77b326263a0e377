package io.kvbm.cli.store;

import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.store.CompactionReport;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.cli.console.Console;
import picocli.CommandLine.Command;

/** {@code kvbm store compact}: gives space back. */
@Command(
    name = "compact",
    description = "Gives back the space of objects that were removed or replaced.",
    sortOptions = false)
final class CompactCommand extends OnStore {

  @Override
  OpenMode mode() {
    return OpenMode.WRITE;
  }

  @Override
  int run(ObjectStore store, Console console) {
    CompactionReport report;
    try (StoreProgress progress = new StoreProgress("compact", console)) {
      report = maintained(store).compact(progress);
    }
    if (console.isJson()) {
      console.document(
          json -> {
            json.writeStartObject();
            json.writeNumberField("beforeByteSize", report.beforeByteSize());
            json.writeNumberField("afterByteSize", report.afterByteSize());
            json.writeNumberField("movedByteSize", report.movedByteSize());
            json.writeNumberField("seconds", report.elapsedNanos() / 1e9);
            json.writeEndObject();
          });
    } else {
      console.line(
          "%s before, %s now, %s moved"
              .formatted(
                  ByteSizes.format(report.beforeByteSize()),
                  ByteSizes.format(report.afterByteSize()),
                  ByteSizes.format(report.movedByteSize())));
    }
    return OK;
  }
}
