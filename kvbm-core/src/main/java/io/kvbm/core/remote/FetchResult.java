package io.kvbm.core.remote;

import io.kvbm.api.KvbmException;
import io.kvbm.api.block.ImmutableBlock;
import java.util.List;
import java.util.Optional;

/**
 * What came from peers.
 *
 * @param blocks the longest prefix of what was asked for, registered; the caller closes each
 * @param failure why there are not more, where something failed; otherwise no peer has more
 */
public record FetchResult(List<ImmutableBlock> blocks, Optional<KvbmException> failure) {
  /** Copies the list. */
  public FetchResult {
    blocks = List.copyOf(blocks);
  }
}
