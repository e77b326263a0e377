package io.kvbm.cli.store;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.StoreStatistics;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.Table;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code kvbm store stats}: what a store holds. */
@Command(
    name = "stats",
    description = {
      "Says what a store holds, how much room it takes and how much of that can be given back, what"
          + " it runs on and what a synced write survives there. Counters are those since the"
          + " command opened the store."
    },
    sortOptions = false)
final class StatsCommand extends OnStore {

  @Override
  OpenMode mode() {
    return OpenMode.READ_SNAPSHOT;
  }

  @Override
  int run(ObjectStore store, Console console) {
    StoreStatistics statistics = maintained(store).statistics();
    if (console.isJson()) {
      console.document(json -> write(statistics, json));
    } else {
      print(statistics, console);
    }
    return OK;
  }

  private static void write(StoreStatistics statistics, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeNumberField("objects", statistics.objects());
    json.writeNumberField("valueByteSize", statistics.valueByteSize());
    json.writeNumberField("storedByteSize", statistics.storedByteSize());
    json.writeNumberField("fileByteSize", statistics.fileByteSize());
    json.writeNumberField("reclaimableByteSize", statistics.reclaimableByteSize());
    json.writeObjectFieldStart("durability");
    json.writeStringField("survives", statistics.durability().survives().name());
    json.writeStringField("text", statistics.durability().text());
    json.writeEndObject();
    json.writeObjectFieldStart("counters");
    for (Map.Entry<String, Long> counter : statistics.counters().entrySet()) {
      json.writeNumberField(counter.getKey(), counter.getValue());
    }
    json.writeEndObject();
    json.writeObjectFieldStart("details");
    for (Map.Entry<String, String> detail : statistics.details().entrySet()) {
      json.writeStringField(detail.getKey(), detail.getValue());
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void print(StoreStatistics statistics, Console console) {
    Table table = new Table("what", "");
    table.row("objects", Long.toString(statistics.objects()));
    table.row("values", ByteSizes.format(statistics.valueByteSize()));
    table.row("stored", ByteSizes.format(statistics.storedByteSize()));
    table.row("files", ByteSizes.format(statistics.fileByteSize()));
    table.row("reclaimable", ByteSizes.format(statistics.reclaimableByteSize()));
    statistics.counters().forEach((name, value) -> table.row(name, Long.toString(value)));
    statistics.details().forEach(table::row);
    table.print(console);
    console.line(statistics.durability().text());
  }
}
