package io.kvbm.core.tokens;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.TokenSpan;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The hash functions under one salt: XXH3-64 and, independent of it, Komihash 5.0.
 *
 * <p>Seeding XXH3 derives a secret, which costs more than hashing a block; the last used salts keep
 * theirs. Immutable and safe from any thread.
 */
final class BlockDigests {

  /** Seeds the chain of sequence hashes and every salt of an application. */
  static final long CHAIN_SEED = 1337;

  private static final Hasher64 CHAIN = Hashing.xxh3_64(CHAIN_SEED);
  private static final Hasher64 INDEPENDENT_CHAIN = Hashing.komihash5_0(CHAIN_SEED);
  private static final Hasher64 LORA = Hashing.xxh3_64();
  private static final Hasher64 SALT = Hashing.xxh3_64(1);

  private static final int RECENT_BITS = 6;
  private static final AtomicReferenceArray<BlockDigests> RECENT =
      new AtomicReferenceArray<>(1 << RECENT_BITS);

  private final long saltHash;
  private final Hasher64 hasher;
  private final Hasher64 independent;

  private BlockDigests(long saltHash) {
    this.saltHash = saltHash;
    this.hasher = Hashing.xxh3_64(saltHash);
    this.independent = Hashing.komihash5_0(saltHash);
  }

  /** {@return the hash functions under a salt} */
  static BlockDigests of(long saltHash) {
    int slot = (int) (saltHash * 0x9E3779B97F4A7C15L >>> Long.SIZE - RECENT_BITS);
    BlockDigests recent = RECENT.getAcquire(slot);
    if (recent != null && recent.saltHash == saltHash) {
      return recent;
    }
    BlockDigests fresh = new BlockDigests(saltHash);
    RECENT.setRelease(slot, fresh);
    return fresh;
  }

  /** {@return the seed an application's salt comes to} */
  static long saltHash(CacheSalt salt) {
    if (salt.raw().isPresent()) {
      return salt.raw().getAsLong();
    }
    long hash = CHAIN_SEED;
    if (!salt.lora().isEmpty()) {
      hash += LORA.hashBytesToLong(salt.lora().getBytes(StandardCharsets.UTF_8));
    }
    if (!salt.salt().isEmpty()) {
      hash += SALT.hashBytesToLong(salt.salt().getBytes(StandardCharsets.UTF_8));
    }
    return hash;
  }

  /** {@return the XXH3-64 of a block alone, whatever came before it} */
  long blockHash(TokenSpan block) {
    return digest(hasher, block);
  }

  /** {@return the Komihash of a block alone, whatever came before it} */
  long independentHash(TokenSpan block) {
    return digest(independent, block);
  }

  /** {@return the sequence hash of the second version's chain} */
  static long chain(long parentHash, long blockHash) {
    return CHAIN.hashLongLongToLong(parentHash, blockHash);
  }

  /** {@return the sequence hash of the first version's chain, which is seeded with the salt} */
  long saltedChain(long parentHash, long blockHash) {
    return hasher.hashLongLongToLong(parentHash, blockHash);
  }

  /** {@return the independent digest of a block that follows another} */
  static long independentChain(BlockKey parent, long blockDigest) {
    return INDEPENDENT_CHAIN.hashLongLongLongToLong(parent.hi(), parent.lo(), blockDigest);
  }

  private static long digest(Hasher64 hasher, TokenSpan block) {
    if (MultimodalFrames.apply(block)) {
      return hasher.hashBytesToLong(MultimodalFrames.encode(block));
    }
    return hasher.hashBytesToLong(
        block.tokens(),
        (long) Integer.BYTES * block.offset(),
        (long) Integer.BYTES * block.length(),
        TokenBytes.LITTLE_ENDIAN);
  }
}
