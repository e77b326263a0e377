package io.kvbm.backend.remote.ucx;

import io.kvbm.api.KvbmException;
import io.kvbm.backend.remote.path.DataPath;
import io.kvbm.backend.remote.path.PathProvider;
import java.util.Optional;

/** Opens UCX paths, all with the same options. */
public final class UcxProvider implements PathProvider {

  private final UcxOptions options;
  private volatile String reason = "";

  /**
   * @param options how paths are set up
   */
  public UcxProvider(UcxOptions options) {
    this.options = options;
  }

  @Override
  public Optional<DataPath> open() {
    try {
      DataPath path = new UcxPath(options);
      reason = "";
      return Optional.of(path);
    } catch (KvbmException e) {
      reason = e.getMessage();
      return Optional.empty();
    }
  }

  @Override
  public String reason() {
    return reason;
  }
}
