package io.kvbm.backend.remote.directory;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import java.nio.file.Path;
import java.time.Duration;

/** Directories whose members a file names. */
public final class StaticDirectoryFactory implements DirectoryFactory {

  private static final Duration LEAST_INTERVAL = Duration.ofMillis(1);

  private final BackendContext context;
  private final BackendConfig config;
  private final DirectoryLimits limits;

  /**
   * Creates a factory.
   *
   * @param context outlives what it opens
   * @param config names the file
   * @param limits of each directory
   */
  public StaticDirectoryFactory(
      BackendContext context, BackendConfig config, DirectoryLimits limits) {
    this.context = context;
    this.config = config;
    this.limits = limits;
  }

  @Override
  public String name() {
    return "static";
  }

  @Override
  public BlockDirectory join(DirectoryMember self, DirectoryListener listener) {
    Path file =
        config
            .path("directoryFile")
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        ErrorCode.INVALID_CONFIG,
                        "the static directory needs directoryFile, a file with one member a line"));
    Duration interval = config.duration("directoryCheck").orElse(Duration.ofSeconds(2));
    return new StaticDirectory(
        self,
        file,
        interval.compareTo(LEAST_INTERVAL) < 0 ? LEAST_INTERVAL : interval,
        limits.members(),
        new Notices(listener, context.ioExecutor(), context.logger()),
        context.logger());
  }
}
