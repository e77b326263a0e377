package io.kvbm.cuda;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.driver.JCudaDriver;

/**
 * Loads JCuda's native half. As a plugin it comes from the plugin's class loader, in a copy of its
 * own. Elsewhere JCuda looks for a file of a fixed name in {@code java.io.tmpdir}, and takes
 * whatever lies there: so that property names a folder of ours, with the right file in it, while
 * JCuda looks.
 */
@SuppressWarnings("restricted")
final class NativeBinding {

  private static final String DRIVER = "libcuda.so.1";
  private static final String LIBRARY = "libJCudaDriver-12.6.0-linux-x86_64.so";
  private static final String TEMPORARY = "java.io.tmpdir";

  private NativeBinding() {}

  /**
   * Loads the driver and JCuda.
   *
   * @throws ConfigurationException with {@link ErrorCode#BACKEND_UNAVAILABLE} saying why that
   *     cannot be; it may be tried again where the driver was not there
   */
  static void load() {
    requirePlatform();
    try {
      SymbolLookup.libraryLookup(DRIVER, Arena.global());
    } catch (IllegalArgumentException _) {
      throw unavailable(
          DRIVER + " not found: install the NVIDIA driver, or give the container its GPUs");
    } catch (IllegalCallerException _) {
      throw unavailable("native access is denied: start Java with --enable-native-access");
    }
    try {
      loadBinding();
    } catch (IOException e) {
      throw unavailable("the native part of JCuda cannot be unpacked: " + e.getMessage());
    } catch (LinkageError e) {
      throw unavailable("the native part of JCuda cannot be loaded: " + firstLine(e));
    }
  }

  private static void requirePlatform() {
    String system = System.getProperty("os.name");
    String machine = System.getProperty("os.arch");
    if (!system.equals("Linux") || !machine.equals("amd64")) {
      throw unavailable(
          "CUDA is called on 64-bit x86 Linux only, this is " + system + " " + machine);
    }
  }

  private static void loadBinding() throws IOException {
    Path folder = Files.createTempDirectory("kvbm-cuda-");
    Path library = folder.resolve(LIBRARY);
    String before = System.getProperty(TEMPORARY);
    try (InputStream bytes =
        NativeBinding.class.getResourceAsStream("/META-INF/natives/linux-x86_64/" + LIBRARY)) {
      if (bytes == null) {
        throw new IOException(LIBRARY + " is not in the jar");
      }
      Files.copy(bytes, library);
      System.setProperty(TEMPORARY, folder.toString());
      JCudaDriver.setExceptionsEnabled(false); // the first use of the class loads the library
    } finally {
      System.setProperty(TEMPORARY, before);
      Files.deleteIfExists(library); // what is loaded stays
      Files.delete(folder);
    }
  }

  private static String firstLine(LinkageError error) {
    return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
  }

  static ConfigurationException unavailable(String reason) {
    return new ConfigurationException(ErrorCode.BACKEND_UNAVAILABLE, reason);
  }
}
