package io.kvbm.cli.store;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.store.ObjectStat;
import java.io.IOException;

/** What is known of an object, as fields of a JSON object. */
final class StatFields {

  private StatFields() {}

  static void write(ObjectStat stat, JsonGenerator json) throws IOException {
    json.writeStringField("key", stat.key());
    json.writeNumberField("byteSize", stat.byteSize());
    json.writeNumberField("version", stat.version());
  }
}
