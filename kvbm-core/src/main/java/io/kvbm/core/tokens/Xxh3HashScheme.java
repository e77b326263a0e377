package io.kvbm.core.tokens;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.hash.TokenSpan;

/**
 * The default scheme, {@value #NAME}; its sequence hashes are those of Dynamo's second version.
 *
 * <p>The block hash is the XXH3-64 of the block's bytes, seeded with the salt hash. The sequence
 * hash of the first block is its block hash; after that it is the XXH3-64, seeded with 1337, of the
 * parent's sequence hash and the block hash, both little endian. The key's other half is the same
 * with Komihash 5.0, its chain running over both halves of the parent's key. The salt hash is 1337
 * plus, where there is one, XXH3-64 of the LoRA name (seed 0) plus XXH3-64 of the salt (seed 1).
 */
public final class Xxh3HashScheme implements HashScheme {

  /** The scheme's name. */
  public static final String NAME = "xxh3-64-v2";

  /** Creates the scheme. All instances are alike. */
  public Xxh3HashScheme() {}

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
        BlockDigests.chain(parent.lo(), digests.blockHash(block)));
  }
}
