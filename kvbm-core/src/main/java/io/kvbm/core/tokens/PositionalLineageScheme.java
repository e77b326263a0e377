package io.kvbm.core.tokens;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.SequenceHash;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.hash.TokenSpan;

/**
 * The scheme {@value #NAME}: a key is a {@link PositionalLineageHash}, so that a block's position
 * and its parent can be read from its key. The sequence hashes inside are those of {@link
 * Xxh3HashScheme}; there is no independent digest. Position 2^24 and above is refused.
 */
public final class PositionalLineageScheme implements HashScheme {

  /** The scheme's name. */
  public static final String NAME = "positional-lineage-128";

  /** Creates the scheme. All instances are alike. */
  public PositionalLineageScheme() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public long saltHash(CacheSalt salt) {
    return BlockDigests.saltHash(salt);
  }

  @Override
  public BlockKey first(long saltHash, TokenSpan block) {
    return PositionalLineageHash.root(BlockDigests.of(saltHash).blockHash(block)).toKey();
  }

  @Override
  public BlockKey next(long saltHash, BlockKey parent, TokenSpan block) {
    return PositionalLineageHash.of(parent)
        .extend(BlockDigests.of(saltHash).blockHash(block))
        .toKey();
  }

  @Override
  public SequenceHash sequenceHash(BlockKey key) {
    return new SequenceHash(PositionalLineageHash.of(key).currentHash());
  }
}
