package io.kvbm.cli.console;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** Writes the one JSON value a command answers with. */
@FunctionalInterface
public interface Document {

  /**
   * Writes exactly one complete value.
   *
   * @param json the writer; the caller closes it
   * @throws IOException if the writer refuses
   */
  void write(JsonGenerator json) throws IOException;
}
