package io.kvbm.backend.remote.directory.etcd;

import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.backend.remote.directory.DirectoryLimits;

/** Joins directories in etcd; each member has a client of its own. */
public final class EtcdDirectoryFactory implements DirectoryFactory {

  private final BackendContext context;
  private final BackendConfig config;
  private final DirectoryLimits limits;

  /**
   * Creates the factory; settings are read when a member joins.
   *
   * @param context threads, clock and log
   * @param config texts
   * @param limits how much is kept
   */
  public EtcdDirectoryFactory(
      BackendContext context, BackendConfig config, DirectoryLimits limits) {
    this.context = context;
    this.config = config;
    this.limits = limits;
  }

  @Override
  public String name() {
    return "etcd";
  }

  @Override
  public BlockDirectory join(DirectoryMember self, DirectoryListener listener) {
    EtcdDirectory directory =
        new EtcdDirectory(self, EtcdSettings.of(config, limits), listener, context);
    directory.join();
    return directory;
  }
}
