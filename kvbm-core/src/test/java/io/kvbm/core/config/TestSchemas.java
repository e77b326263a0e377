package io.kvbm.core.config;

import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.EnvironmentAlias;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A schema with two backends of the test's, and files to hold against it. */
final class TestSchemas {

  static final ConfigSchema WITH_BACKENDS =
      ConfigSchema.of(
          Map.of(
              "tape",
              List.of(
                  new ConfigKey("reelLength", ConfigKey.Type.INTEGER, "7", "Metres")
                      .withRange(1, 900)
                      .withAlias(
                          new EnvironmentAlias(
                              "OLD_REEL", text -> Optional.of(text).filter(t -> !t.isBlank()))),
                  new ConfigKey("wait", ConfigKey.Type.DURATION, "", "How long"),
                  new ConfigKey("dir", ConfigKey.Type.PATH, "", "Where"),
                  new ConfigKey("password", ConfigKey.Type.STRING, "", "Who").asSecret(),
                  new ConfigKey("pin", ConfigKey.Type.INTEGER, "", "A number").asSecret()),
              "tape@1.0",
              List.of(new ConfigKey("reelLength", ConfigKey.Type.INTEGER, "7", "Metres"))));

  private TestSchemas() {}

  static Path write(Path folder, String text) {
    Path file = folder.resolve("kvbm.yaml");
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }
}
