package io.kvbm.cli.store;

import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.VerifyReport;
import io.kvbm.cli.console.Console;
import picocli.CommandLine.Command;

/** {@code kvbm store verify}: reads everything and compares the checksums. */
@Command(
    name = "verify",
    description = {
      "Reads every object from the disk and compares the checksums. Changes nothing. The exit code"
          + " is 1 if something is damaged."
    },
    sortOptions = false)
final class VerifyCommand extends OnStore {

  @Override
  OpenMode mode() {
    return OpenMode.READ_SNAPSHOT;
  }

  @Override
  int run(ObjectStore store, Console console) {
    VerifyReport report;
    try (StoreProgress progress = new StoreProgress("verify", console)) {
      report = maintained(store).verify(progress);
    }
    if (console.isJson()) {
      console.document(
          json -> {
            json.writeStartObject();
            json.writeNumberField("checked", report.checked());
            json.writeArrayFieldStart("damaged");
            for (VerifyReport.Damage damage : report.damaged()) {
              json.writeStartObject();
              json.writeStringField("name", damage.name());
              json.writeStringField("reason", damage.reason());
              json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
          });
    } else {
      report.damaged().forEach(damage -> console.line(damage.name() + ": " + damage.reason()));
      console.line(
          "%d objects checked, %s read: %s"
              .formatted(
                  report.checked(),
                  ByteSizes.format(report.byteSize()),
                  report.damaged().isEmpty()
                      ? "nothing is damaged"
                      : report.damaged().size() + " damaged"));
    }
    return report.damaged().isEmpty() ? OK : FAILED;
  }
}
