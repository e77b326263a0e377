package io.kvbm.core.plugin;

import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * What a jar says of itself, read without loading a class of it.
 *
 * @param path the jar
 * @param spi its {@code Kvbm-Spi}, or null
 * @param providesServices whether it provides a service of the api, as a module or by {@code
 *     META-INF/services}
 * @param isApi whether it holds the api, whose classes always come from the platform
 */
record PluginJar(Path path, @Nullable String spi, boolean providesServices, boolean isApi) {

  /** The attribute of the manifest with the SPI version the plugin was built for. */
  static final String SPI_ATTRIBUTE = "Kvbm-Spi";

  private static final String API_PACKAGE = "io.kvbm.api.";
  private static final String SERVICES = "META-INF/services/";
  private static final String API_MARK = "io/kvbm/api/spi/Spi.class";
  private static final Pattern VERSION = Pattern.compile("(\\d{1,6})\\.(\\d{1,6})");

  /**
   * {@return what the jar says}
   *
   * @throws RefusedPluginException if it cannot be read
   */
  static PluginJar read(Path path) throws RefusedPluginException {
    if (!Files.isRegularFile(path)) {
      // To open a pipe would wait for whoever writes into it.
      throw new RefusedPluginException(path + " is no file; put the jar itself there");
    }
    if (!Files.isReadable(path)) {
      throw new RefusedPluginException(
          path + " may not be read by this user; change its permissions");
    }
    try (JarFile jar = new JarFile(path.toFile(), false, ZipFile.OPEN_READ, Runtime.version())) {
      Manifest manifest = jar.getManifest();
      Attributes attributes = manifest == null ? new Attributes() : manifest.getMainAttributes();
      return new PluginJar(
          path,
          attributes.getValue(SPI_ATTRIBUTE),
          listsServices(jar) || declaresServices(jar),
          jar.getEntry(API_MARK) != null);
    } catch (IOException | RuntimeException e) {
      throw new RefusedPluginException(
          "%s cannot be read: %s; copy it again".formatted(path, OneLine.of(e)));
    }
  }

  private static boolean listsServices(JarFile jar) {
    return jar.stream().anyMatch(entry -> entry.getName().startsWith(SERVICES + API_PACKAGE));
  }

  /** Reads the descriptor alone: a jar that is no module works on a class path all the same. */
  private static boolean declaresServices(JarFile jar) throws IOException {
    JarEntry entry = jar.getJarEntry("module-info.class");
    if (entry == null) {
      return false;
    }
    try (InputStream bytes = jar.getInputStream(entry)) {
      return ModuleDescriptor.read(bytes).provides().stream()
          .anyMatch(provides -> provides.service().startsWith(API_PACKAGE));
    }
  }

  /**
   * {@return whether the jar is a copy of the api and nothing else, in place of which the
   * platform's is used}
   */
  boolean isApiOnly() {
    return isApi && !providesServices;
  }

  /** Refuses a jar that provides services and was built for another SPI, or does not say which. */
  void checkSpi() throws RefusedPluginException {
    if (!providesServices) {
      return;
    }
    if (spi == null) {
      throw new RefusedPluginException(
          "%s does not say which SPI it was built for: its manifest needs '%s: %d.%d'"
              .formatted(path, SPI_ATTRIBUTE, Spi.MAJOR, Spi.MINOR));
    }
    Matcher version = VERSION.matcher(spi.strip());
    if (!version.matches()) {
      throw new RefusedPluginException(
          "%s says '%s: %s' in its manifest, which is no version such as %d.%d"
              .formatted(path, SPI_ATTRIBUTE, spi.strip(), Spi.MAJOR, Spi.MINOR));
    }
    SpiVersion builtFor =
        new SpiVersion(Integer.parseInt(version.group(1)), Integer.parseInt(version.group(2)));
    if (!builtFor.isSupported()) {
      throw new RefusedPluginException(
          "%s was built for SPI %s and this platform has %d.%d; install a %s"
              .formatted(
                  path,
                  builtFor,
                  Spi.MAJOR,
                  Spi.MINOR,
                  builtFor.major() > Spi.MAJOR || builtFor.major() == Spi.MAJOR
                      ? "newer kvbm or an older version of the plugin"
                      : "newer version of the plugin"));
    }
  }
}
