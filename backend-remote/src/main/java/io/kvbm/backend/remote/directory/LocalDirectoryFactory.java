package io.kvbm.backend.remote.directory;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.spi.BackendContext;

/** Directories of this process: members that join the same name space see each other. */
public final class LocalDirectoryFactory implements DirectoryFactory {

  private final BackendContext context;
  private final String namespace;
  private final DirectoryLimits limits;

  /**
   * Creates a factory.
   *
   * @param context outlives what it opens
   * @param namespace members of one meet
   * @param limits of each directory
   */
  public LocalDirectoryFactory(BackendContext context, String namespace, DirectoryLimits limits) {
    this.context = context;
    this.namespace = namespace;
    this.limits = limits;
  }

  @Override
  public String name() {
    return "local";
  }

  @Override
  public BlockDirectory join(DirectoryMember self, DirectoryListener listener) {
    Notices notices = new Notices(listener, context.ioExecutor(), context.logger());
    LocalDirectory directory = new LocalDirectory(self, limits, notices);
    LocalSpace space = LocalSpace.join(namespace, limits, directory);
    if (!directory.isEntered()) {
      int members = space.roster().members(-1).size();
      directory.close();
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "the local directory '%s' is full with %d members; raise directoryMembers"
              .formatted(namespace, members),
          1,
          0);
    }
    return directory;
  }
}
