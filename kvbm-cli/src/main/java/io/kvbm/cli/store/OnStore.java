package io.kvbm.cli.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.MaintainedStore;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.settings.UsesPlatform;
import io.kvbm.cli.spi.Subcommand;
import io.kvbm.core.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** What the commands on a store have in common: which store, and opening it for the while. */
abstract class OnStore implements Subcommand, UsesPlatform {

  private @Nullable Supplier<Platform> platforms;

  @ParentCommand private StoreCommand group;
  @Spec private CommandSpec spec;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      required = true,
      description = "The directory of the store.")
  private Path directory;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "disk",
      description = "What keeps the store (default: ${DEFAULT-VALUE}); see 'kvbm backends'.")
  private String backend;

  /** {@return how the store is opened} */
  abstract OpenMode mode();

  /** {@return whether a store that is not there is made} */
  boolean makes() {
    return false;
  }

  /**
   * Checks the command line beyond what picocli does.
   *
   * @throws ParameterException if it is wrong
   */
  void check(Console console) {}

  /**
   * Does the work.
   *
   * @param store is open until the call returns
   * @return the exit code
   */
  abstract int run(ObjectStore store, Console console) throws IOException;

  @Override
  public final void use(PlatformFactory factory) {
    platforms = group.platforms(factory);
  }

  @Override
  public final int run(Console console) throws IOException {
    requireDirectory();
    check(console);
    try (Platform platform = Objects.requireNonNull(platforms, "use() comes before run()").get();
        ObjectStore store = platform.objectStore(backend, location(), mode())) {
      return run(store, console);
    }
  }

  /** A backend may take a relative path for one below its own directory. */
  private String location() {
    return directory.toAbsolutePath().normalize().toString();
  }

  private void requireDirectory() {
    if (directory.toString().isBlank()) {
      throw usage("--dir is empty; name a directory");
    }
    if (!makes() && !Files.isDirectory(directory)) {
      throw new CallerException(
          ErrorCode.NOT_FOUND,
          "there is no store: %s is no directory; check the path, or make one with 'kvbm store put'"
              .formatted(directory));
    }
  }

  /** {@return the store as one that can be looked after} */
  final MaintainedStore maintained(ObjectStore store) {
    if (store instanceof MaintainedStore maintained) {
      return maintained;
    }
    throw new CallerException(
        ErrorCode.UNSUPPORTED,
        "a store of backend '%s' cannot be looked after; use backend disk".formatted(backend));
  }

  /** {@return the error of a command line that is wrong} */
  final ParameterException usage(String complaint) {
    return new ParameterException(spec.commandLine(), complaint);
  }
}
