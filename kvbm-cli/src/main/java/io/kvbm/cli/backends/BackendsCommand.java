package io.kvbm.cli.backends;

import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Availability.Available;
import io.kvbm.api.spi.Availability.Unavailable;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.Table;
import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.settings.UsesPlatform;
import io.kvbm.cli.spi.Subcommand;
import io.kvbm.core.BackendListing;
import io.kvbm.core.Platform;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code kvbm backends}: lists what is installed. */
@Command(
    name = "backends",
    description = "Lists the installed backends and whether each can run on this machine.",
    sortOptions = false)
final class BackendsCommand implements Subcommand, UsesPlatform {

  private @Nullable Supplier<Platform> platforms;

  /** Asks the platform of the configuration. */
  BackendsCommand() {}

  /**
   * @param platforms opens the platform to ask; the command closes it
   */
  BackendsCommand(Supplier<Platform> platforms) {
    this.platforms = platforms;
  }

  @Override
  public void use(PlatformFactory factory) {
    if (platforms == null) {
      platforms = factory::open;
    }
  }

  @Override
  public int run(Console console) {
    try (Platform platform = Objects.requireNonNull(platforms, "use() comes before run()").get()) {
      platform.refusals().forEach(console::error);
      List<BackendListing> backends = platform.backends();
      if (console.isJson()) {
        console.document(json -> write(backends, platform.refusals(), json));
      } else {
        print(backends, console);
      }
    }
    return OK;
  }

  private static void write(
      List<BackendListing> backends, List<String> refusals, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("backends");
    for (BackendListing backend : backends) {
      json.writeStartObject();
      json.writeStringField("name", backend.name());
      json.writeStringField("version", backend.version());
      json.writeStringField("module", backend.module());
      json.writeArrayFieldStart("storageKinds");
      for (String kind : backend.storageKinds()) {
        json.writeString(kind);
      }
      json.writeEndArray();
      json.writeBooleanField("available", backend.availability().isAvailable());
      switch (backend.availability()) {
        case Available(String details) -> json.writeStringField("details", details);
        case Unavailable(String reason) -> json.writeStringField("reason", reason);
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("refused");
    for (String refusal : refusals) {
      json.writeString(refusal);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void print(List<BackendListing> backends, Console console) {
    if (backends.isEmpty()) {
      console.note(
          "no backends are installed; put their jars into a folder and name it in KVBM_PLUGINS");
      return;
    }
    Table table = new Table("name", "version", "module", "storage", "here");
    for (BackendListing backend : backends) {
      table.row(
          backend.name(),
          backend.version(),
          backend.module(),
          String.join(", ", backend.storageKinds()),
          describe(backend.availability()));
    }
    table.print(console);
  }

  private static String describe(Availability availability) {
    return switch (availability) {
      case Available(String details) -> "available: " + details;
      case Unavailable(String reason) -> "unavailable: " + reason;
    };
  }
}
