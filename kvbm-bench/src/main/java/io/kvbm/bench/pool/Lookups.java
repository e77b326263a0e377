package io.kvbm.bench.pool;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.pool.BlockPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.ThreadParams;

/** What one thread looks up. */
@State(Scope.Thread)
public class Lookups {

  /** Whether the threads look up prefixes of their own or one and the same. */
  @Param({"disjoint", "same"})
  public String prefixes;

  /** One prefix that is there. */
  List<BlockKey> keys;

  List<Long> hashes;

  /** Several prefixes that are there. */
  final List<List<BlockKey>> manyKeys = new ArrayList<>();

  final List<List<Long>> manyHashes = new ArrayList<>();

  /** As many keys that are not there. */
  List<BlockKey> absentKeys;

  List<Long> absentHashes;

  /** Prefixes that were matched and not closed yet. */
  final List<List<ImmutableBlock>> open = new ArrayList<>();

  /** Copies keys out of the chains. */
  @Setup(Level.Trial)
  public void choose(RegisteredChains chains, ThreadParams thread) {
    int first =
        prefixes.equals("same") ? 0 : thread.getThreadIndex() * RegisteredChains.CHAINS_PER_THREAD;
    for (int i = 0; i < RegisteredChains.CHAINS_PER_THREAD; i++) {
      manyKeys.add(keys(chains.chain(first + i)));
      manyHashes.add(hashes(chains.chain(first + i)));
    }
    keys = manyKeys.getFirst();
    hashes = manyHashes.getFirst();
    long[] absent =
        new SplittableRandom(-1 - thread.getThreadIndex()).longs(RegisteredChains.LENGTH).toArray();
    absentKeys = keys(absent);
    absentHashes = hashes(absent);
  }

  /** Returns what a match left open. */
  void closeOpen() {
    for (List<ImmutableBlock> blocks : open) {
      BlockPool.closeAll(blocks);
    }
    open.clear();
  }

  private static List<BlockKey> keys(long[] chain) {
    return new ArrayList<>(Arrays.stream(chain).mapToObj(BlockKey::derived).toList());
  }

  private static List<Long> hashes(long[] chain) {
    return new ArrayList<>(Arrays.stream(chain).boxed().toList());
  }
}
