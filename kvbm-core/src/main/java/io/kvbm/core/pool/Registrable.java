package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What registration needs to know of a handle. */
interface Registrable {

  PooledBlock handle();

  /** {@return the key, or empty while tokens are missing} */
  Optional<BlockKey> knownKey();

  @Nullable BlockKey knownParent();

  /** {@return the tokens, not to be changed any more, or none where only the key is known} */
  int[] knownTokens();
}
