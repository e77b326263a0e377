package io.kvbm.core.tokens;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.hash.TokenSpan;

/**
 * The scheme {@value #NAME}; its sequence hashes are those of Dynamo's first version. It differs
 * from {@link Xxh3HashScheme} in one thing: the chain of sequence hashes is seeded with the salt
 * hash instead of 1337.
 */
public final class Xxh3V1HashScheme implements HashScheme {

  /** The scheme's name. */
  public static final String NAME = "xxh3-64-v1";

  /** Creates the scheme. All instances are alike. */
  public Xxh3V1HashScheme() {}

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
    BlockDigests digests = BlockDigests.of(saltHash);
    return new BlockKey(digests.independentHash(block), digests.blockHash(block));
  }

  @Override
  public BlockKey next(long saltHash, BlockKey parent, TokenSpan block) {
    BlockDigests digests = BlockDigests.of(saltHash);
    return new BlockKey(
        BlockDigests.independentChain(parent, digests.independentHash(block)),
        digests.saltedChain(parent.lo(), digests.blockHash(block)));
  }
}
