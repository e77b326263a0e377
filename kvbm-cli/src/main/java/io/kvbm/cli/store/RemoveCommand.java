package io.kvbm.cli.store;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.cli.console.Console;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code kvbm store rm}: removes objects. */
@Command(
    name = "rm",
    description = {
      "Removes objects. The exit code is 1 if one of them was not there; the others are gone all"
          + " the same. Their space comes back with 'kvbm store compact'."
    },
    sortOptions = false)
final class RemoveCommand extends OnStore {

  @Parameters(arity = "1..*", paramLabel = "KEY", description = "The keys.")
  private List<String> keys;

  @Mixin private DurabilityOption durability;

  @Override
  OpenMode mode() {
    return OpenMode.WRITE;
  }

  @Override
  int run(ObjectStore store, Console console) {
    List<String> removed = new ArrayList<>();
    List<String> absent = new ArrayList<>();
    for (String key : keys) {
      (store.delete(key, durability.value()) ? removed : absent).add(key);
    }
    absent.forEach(key -> console.error("there is no object '%s'".formatted(key)));
    if (console.isJson()) {
      console.document(
          json -> {
            json.writeStartObject();
            writeKeys("removed", removed, json);
            writeKeys("absent", absent, json);
            json.writeEndObject();
          });
    } else {
      removed.forEach(key -> console.line(key + " removed"));
    }
    return absent.isEmpty() ? OK : FAILED;
  }

  private static void writeKeys(String field, List<String> keys, JsonGenerator json)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (String key : keys) {
      json.writeString(key);
    }
    json.writeEndArray();
  }
}
