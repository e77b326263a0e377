package io.kvbm.cli.store;

import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.core.Platform;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code kvbm store}: a group of commands on one object store. */
@Command(
    name = "store",
    description = {
      "Puts objects into a store on disk, gets, lists and removes them, and looks after the store.",
      "One process may write a store at a time; others may read it meanwhile and see what was there"
          + " when they began."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      PutCommand.class,
      GetCommand.class,
      ListCommand.class,
      RemoveCommand.class,
      StatsCommand.class,
      VerifyCommand.class,
      CompactCommand.class
    },
    sortOptions = false)
final class StoreCommand {

  private final @Nullable Supplier<Platform> platforms;

  /** Uses the platform of the configuration. */
  StoreCommand() {
    this(null);
  }

  /**
   * @param platforms opens the platform that has the store; null for that of the configuration
   */
  StoreCommand(@Nullable Supplier<Platform> platforms) {
    this.platforms = platforms;
  }

  /** {@return what opens the platform; the caller closes it} */
  Supplier<Platform> platforms(PlatformFactory factory) {
    return platforms == null ? factory::open : platforms;
  }
}
