package io.kvbm.backend.disk;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.EnvironmentAlias;
import io.kvbm.backend.disk.io.EngineSettings;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.log.LogSettings;
import io.kvbm.backend.disk.slab.SlabSettings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of this backend. A configured value wins over an environment variable, which wins
 * over the default.
 *
 * @param directory where scratch files are made
 * @param direct whether they bypass the page cache
 * @param allocatorType when direct access is asked for
 * @param zeroFill whether zeros are written where the file system cannot reserve space
 * @param unlinkAtOnce whether a scratch file loses its name as soon as it is open, so that nothing
 *     is left after a crash
 * @param ioDepth how many threads work on one batch
 * @param engine what the stores read and write with
 */
record DiskSettings(
    Path directory,
    DirectAccess direct,
    AllocatorType allocatorType,
    boolean zeroFill,
    boolean unlinkAtOnce,
    int ioDepth,
    EngineSettings engine) {

  /** Names the directory of scratch files. */
  static final String DIRECTORY_VARIABLE = "DYN_KVBM_DISK_CACHE_DIR";

  /** {@code true} or {@code 1} turns direct access off. */
  static final String DISABLE_DIRECT_VARIABLE = "DYN_KVBM_DISK_DISABLE_O_DIRECT";

  /** {@code true} or {@code 1} turns zero fill on, any other value off. */
  static final String ZERO_FILL_VARIABLE = "DYN_KVBM_DISK_ZEROFILL_FALLBACK";

  /** {@code default} or {@code open-direct}. */
  static final String ALLOCATOR_TYPE_VARIABLE = "DYN_KVBM_DISK_ALLOCATOR_TYPE";

  static final int MAX_IO_DEPTH = 256;

  private static final String DEFAULT_DIRECTORY = "/tmp";
  private static final int DEFAULT_IO_DEPTH = 4;
  private static final int MAX_WEIGHT = 100;

  private static final List<ConfigKey> OWN =
      List.of(
          new ConfigKey(
                  "allocatorType",
                  ConfigKey.Type.STRING,
                  AllocatorType.DEFAULT.toString(),
                  "when direct access is asked for: default (after opening) or open-direct")
              .withChoices("default", "open-direct")
              .withAlias(
                  new EnvironmentAlias(
                      ALLOCATOR_TYPE_VARIABLE,
                      text -> Optional.of(lenientAllocatorType(text).toString()))),
          new ConfigKey(
                  "dir",
                  ConfigKey.Type.PATH,
                  DEFAULT_DIRECTORY,
                  "directory of the scratch files, made if it is not there")
              .withAlias(
                  new EnvironmentAlias(
                      DIRECTORY_VARIABLE,
                      text -> Optional.of(text).filter(path -> !path.isBlank()))),
          new ConfigKey(
                  "direct",
                  ConfigKey.Type.STRING,
                  "auto",
                  "bypass the page cache: auto (where it works), true (or fail) or false")
              .withChoices("auto", "true", "false")
              .withAlias(
                  new EnvironmentAlias(
                      DISABLE_DIRECT_VARIABLE, text -> Optional.of(isOn(text) ? "false" : "auto"))),
          new ConfigKey(
                  "engine",
                  ConfigKey.Type.STRING,
                  EngineType.AUTO.toString(),
                  "what the stores read and write with: auto (the best that works), or io_uring,"
                      + " direct or buffered (or fail)")
              .withChoices("auto", "io_uring", "direct", "buffered"),
          new ConfigKey(
                  "ioDepth",
                  ConfigKey.Type.INTEGER,
                  String.valueOf(DEFAULT_IO_DEPTH),
                  "how many reads or writes of one batch run at once; the stores' engine keeps "
                      + EngineSettings.DEFAULT_DEPTH
                      + " at the device where this is not set")
              .withRange(1, MAX_IO_DEPTH),
          new ConfigKey(
                  "readWeight",
                  ConfigKey.Type.INTEGER,
                  "1",
                  "share of the engine's depth that reads get while writes wait too")
              .withRange(1, MAX_WEIGHT),
          new ConfigKey(
                  "unlink",
                  ConfigKey.Type.STRING,
                  "close",
                  "when a scratch file loses its name: close, or now to leave nothing after a"
                      + " crash")
              .withChoices("now", "close"),
          new ConfigKey(
                  "writeWeight",
                  ConfigKey.Type.INTEGER,
                  "1",
                  "share of the engine's depth that writes get while reads wait too")
              .withRange(1, MAX_WEIGHT),
          new ConfigKey(
                  "zeroFillFallback",
                  ConfigKey.Type.BOOLEAN,
                  "true",
                  "write zeros where the file system cannot reserve space")
              .withAlias(
                  new EnvironmentAlias(
                      ZERO_FILL_VARIABLE, text -> Optional.of(String.valueOf(zeroFill(text))))));

  static final List<ConfigKey> KEYS =
      Stream.of(OWN, SlabSettings.KEYS, LogSettings.KEYS, NvmeSettings.KEYS)
          .flatMap(List::stream)
          .toList();

  /** {@return the settings of a process nobody configured: its environment variables} */
  static DiskSettings ofProcess() {
    return of(BackendConfig.empty(), System::getenv);
  }

  /**
   * {@return the settings of a backend in this process}
   *
   * @param config what was configured
   */
  static DiskSettings of(BackendConfig config) {
    return of(config, System::getenv);
  }

  /**
   * {@return settings}
   *
   * @param config what was configured
   * @param environment a variable's text, or null
   * @throws ConfigurationException if a configured value is none of those its key takes
   */
  static DiskSettings of(BackendConfig config, UnaryOperator<@Nullable String> environment) {
    DirectAccess direct =
        config
            .string("direct")
            .map(DirectAccess::parse)
            .orElseGet(() -> direct(environment.apply(DISABLE_DIRECT_VARIABLE)));
    return new DiskSettings(
        config
            .string("dir")
            .map(text -> directory("setting 'dir'", text))
            .orElseGet(() -> environmentDirectory(environment.apply(DIRECTORY_VARIABLE))),
        direct,
        config
            .string("allocatorType")
            .map(DiskSettings::allocatorType)
            .orElseGet(() -> lenientAllocatorType(environment.apply(ALLOCATOR_TYPE_VARIABLE))),
        config
            .bool("zeroFillFallback")
            .orElseGet(() -> zeroFill(environment.apply(ZERO_FILL_VARIABLE))),
        config.string("unlink").map(DiskSettings::unlinkAtOnce).orElse(false),
        config.integer("ioDepth").map(DiskSettings::ioDepth).orElse(DEFAULT_IO_DEPTH),
        engine(config, direct));
  }

  /** Who wants the page cache gets the engine that uses it. */
  private static EngineSettings engine(BackendConfig config, DirectAccess direct) {
    EngineType type = config.string("engine").map(EngineType::parse).orElse(EngineType.AUTO);
    return new EngineSettings(
        type == EngineType.AUTO && direct == DirectAccess.OFF ? EngineType.BUFFERED : type,
        config.integer("ioDepth").map(DiskSettings::ioDepth).orElse(EngineSettings.DEFAULT_DEPTH),
        weight(config, "readWeight"),
        weight(config, "writeWeight"));
  }

  private static int weight(BackendConfig config, String key) {
    long value = config.integer(key).orElse(1L);
    if (value < 1 || value > MAX_WEIGHT) {
      throw invalid(key, String.valueOf(value), "1 to " + MAX_WEIGHT);
    }
    return (int) value;
  }

  private static Path environmentDirectory(@Nullable String text) {
    return text == null || text.isBlank()
        ? Path.of(DEFAULT_DIRECTORY)
        : directory(DIRECTORY_VARIABLE, text);
  }

  private static Path directory(String origin, String text) {
    if (text.isBlank()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, origin + " is empty; name a directory for scratch files");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, origin + " is no path: " + e.getReason(), e);
    }
  }

  private static DirectAccess direct(@Nullable String disabled) {
    return isOn(disabled) ? DirectAccess.OFF : DirectAccess.AUTO;
  }

  private static boolean zeroFill(@Nullable String text) {
    return text == null || isOn(text);
  }

  private static boolean isOn(@Nullable String text) {
    return text != null
        && (text.strip().equals("1") || text.strip().toLowerCase(Locale.ROOT).equals("true"));
  }

  private static AllocatorType allocatorType(String text) {
    return AllocatorType.tryParse(text)
        .orElseThrow(() -> invalid("allocatorType", text, "default or open-direct"));
  }

  private static AllocatorType lenientAllocatorType(@Nullable String text) {
    if (text == null) {
      return AllocatorType.DEFAULT;
    }
    return AllocatorType.tryParse(text)
        .orElseGet(
            () -> {
              System.getLogger(DiskSettings.class.getName())
                  .log(
                      System.Logger.Level.WARNING,
                      "{0} is ''{1}'', not default or open-direct; taking default",
                      ALLOCATOR_TYPE_VARIABLE,
                      text);
              return AllocatorType.DEFAULT;
            });
  }

  private static boolean unlinkAtOnce(String text) {
    return switch (text.strip()) {
      case "now" -> true;
      case "close" -> false;
      default -> throw invalid("unlink", text, "now or close");
    };
  }

  private static int ioDepth(long value) {
    if (value < 1 || value > MAX_IO_DEPTH) {
      throw invalid("ioDepth", String.valueOf(value), "1 to " + MAX_IO_DEPTH);
    }
    return (int) value;
  }

  private static ConfigurationException invalid(String key, String text, String expected) {
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "setting '%s' is '%s', expected %s".formatted(key, text, expected));
  }
}
