package io.kvbm.cli;

import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.cli.console.Console;

/** What {@code kvbm --version} answers. */
final class Version {

  private Version() {}

  static void print(Console console) {
    String spi = new SpiVersion(Spi.MAJOR, Spi.MINOR).toString();
    String java = Runtime.version().toString();
    if (console.isJson()) {
      console.document(
          json -> {
            json.writeStartObject();
            json.writeStringField("version", ofThisBuild());
            json.writeStringField("spi", spi);
            json.writeStringField("java", java);
            json.writeEndObject();
          });
    } else {
      console.line("kvbm " + ofThisBuild() + " (SPI " + spi + ", Java " + java + ")");
    }
  }

  /** On the module path the module knows it, on the class path the jar's manifest. */
  private static String ofThisBuild() {
    Module module = Main.class.getModule();
    String version =
        module.isNamed()
            ? module.getDescriptor().rawVersion().orElse(null)
            : Main.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
