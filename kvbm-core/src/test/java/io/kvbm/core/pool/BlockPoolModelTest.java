package io.kvbm.core.pool;

import static io.kvbm.core.pool.Pools.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CallerException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.WeakBlock;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.policy.LruPolicyProvider;
import io.kvbm.core.registry.BlockRegistry;
import io.kvbm.testkit.HostStorage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Random sequences of calls, each answer compared with that of {@link PoolModel}. */
@ExtendWith(FailOnLeak.class)
class BlockPoolModelTest {

  private static final int SEQUENCES = 600;
  private static final int STEPS = 120;

  @Test
  void thePoolAnswersAsTheModelDoes() {
    play(SEQUENCES);
  }

  @Test
  @Tag("slow")
  void thePoolAnswersAsTheModelDoesForLong() {
    play(100 * SEQUENCES);
  }

  private static void play(int sequences) {
    long first = ThreadLocalRandom.current().nextLong();
    for (int i = 0; i < sequences; i++) {
      long seed = first + i;
      try {
        new Run(seed).play(STEPS);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + "L: " + e, e);
      }
    }
  }

  /** One pool, its model and what the caller holds. */
  private static final class Run {
    private record Held(ImmutableBlock block, PoolModel.Content content) {}

    private record Weak(WeakBlock block, PoolModel.Content content) {}

    private record Picked(Eviction eviction, PoolModel.Content content) {}

    private final SplittableRandom random;
    private final int keys;
    private final PoolModel model;
    private final BlockPool pool;
    private final BlockRegistry registry = new BlockRegistry(16);
    private final List<Held> held = new ArrayList<>();
    private final List<MutableBlock> filling = new ArrayList<>();
    private final List<Weak> weak = new ArrayList<>();
    private final List<Picked> picked = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private int size;

    Run(long seed) {
      random = new SplittableRandom(seed);
      size = 1 + random.nextInt(9);
      keys = size + 1 + random.nextInt(8);
      boolean allow = random.nextBoolean();
      model = new PoolModel(size, allow);
      pool =
          BlockPool.builder()
              .layout(layout(size))
              .evictionPolicy(new LruPolicyProvider()) // the model's
              .duplicates(allow ? DuplicatePolicy.ALLOW : DuplicatePolicy.REJECT)
              .registry(registry, 0)
              .build();
      for (int slot = 0; slot < size && random.nextInt(3) == 0; slot++) {
        restore(random.nextInt(size));
      }
    }

    private static Layout layout(int blocks) {
      LayoutConfig shape = Pools.shape(blocks);
      long byteSize = Layouts.of(LayoutType.FULLY_CONTIGUOUS).storageByteSizes(shape).getFirst();
      return Layouts.of(LayoutType.FULLY_CONTIGUOUS)
          .bind(shape, List.of(new HostStorage(byteSize)));
    }

    private void restore(int slot) {
      long n = random.nextInt(keys);
      boolean taken = !model.isEmpty(slot) || model.contains(n);
      try {
        pool.restore(new StoredBlock(slot, key(n), parentOf(n), 1, 0, 0));
        assertThat(taken).isFalse();
        model.restore(slot, n, parentNumber(n));
      } catch (CallerException e) {
        assertThat(taken).isTrue();
      }
    }

    /** A binary tree of keys; 0 is the root. */
    private static Long parentNumber(long n) {
      return n == 0 ? null : (Long) ((n - 1) / 2);
    }

    private static BlockKey parentOf(long n) {
      return n == 0 ? null : key((n - 1) / 2);
    }

    void play(int steps) {
      for (int i = 0; i < steps; i++) {
        step();
        try {
          compare();
        } catch (AssertionError e) {
          throw new AssertionError(e.getMessage() + "\nafter " + log, e);
        }
      }
      drain();
    }

    private void step() {
      switch (random.nextInt(17)) {
        case 0, 1, 2 -> allocate(1 + random.nextInt(3));
        case 3, 4, 5, 6 -> registerOne();
        case 7, 8 -> closeOne();
        case 9 -> match();
        case 10 -> find();
        case 11 -> upgrade();
        case 12 -> removeOne();
        case 13 -> pickOrEnd();
        case 14 -> resetSome();
        case 15 -> shareOrDiscard();
        default -> growOrReset();
      }
    }

    private void allocate(int count) {
      log.add("allocate " + count);
      Optional<List<MutableBlock>> blocks = pool.tryAllocateBlocks(count);
      boolean granted = model.allocate(count);
      assertThat(blocks.isPresent()).as("allocate %d", count).isEqualTo(granted);
      blocks.ifPresent(filling::addAll);
    }

    private void registerOne() {
      if (filling.isEmpty()) {
        return;
      }
      MutableBlock block = filling.remove(random.nextInt(filling.size()));
      long n = random.nextInt(keys);
      log.add("register " + n);
      ImmutableBlock registered = block.complete(key(n), parentOf(n)).register();
      PoolModel.Content content = model.register(n, parentNumber(n));
      assertThat(registered.isDuplicate()).isEqualTo(content.isDuplicate());
      held.add(new Held(registered, content));
      weak.add(new Weak(registered.downgrade(), content));
    }

    private void closeOne() {
      if (!held.isEmpty()) {
        Held one = held.remove(random.nextInt(held.size()));
        log.add("close " + one.content());
        one.block().close();
        model.close(one.content());
      }
    }

    private void match() {
      int length = 1 + random.nextInt(4);
      List<Long> path = new ArrayList<>();
      for (Long n = (long) random.nextInt(keys); n != null; n = parentNumber(n)) {
        path.addFirst(n);
      }
      path = path.subList(0, Math.min(length, path.size()));
      log.add("match " + path);
      List<ImmutableBlock> found = pool.matchBlocks(path.stream().map(Pools::key).toList());
      List<PoolModel.Content> expected = model.match(path);
      assertThat(found).hasSameSizeAs(expected);
      for (int i = 0; i < found.size(); i++) {
        assertThat(found.get(i).key()).isEqualTo(key(path.get(i)));
        held.add(new Held(found.get(i), expected.get(i)));
      }
    }

    private void find() {
      long n = random.nextInt(keys);
      log.add("touch " + n);
      assertThat(pool.touch(List.of(key(n)))).isEqualTo(model.touch(n) ? 1 : 0);
    }

    private void upgrade() {
      if (weak.isEmpty()) {
        return;
      }
      Weak one = weak.get(random.nextInt(weak.size()));
      log.add("upgrade " + one.content());
      Optional<ImmutableBlock> block = one.block().upgrade();
      assertThat(block.isPresent()).as("upgrade").isEqualTo(model.upgrade(one.content()));
      block.ifPresent(b -> held.add(new Held(b, one.content())));
    }

    private void removeOne() {
      if (!held.isEmpty() && random.nextBoolean()) {
        Held one = held.remove(random.nextInt(held.size()));
        log.add("remove " + one.content());
        pool.remove(one.block());
        model.remove(one.content());
      }
    }

    private void pickOrEnd() {
      if (picked.isEmpty() || random.nextBoolean()) {
        int count = 1 + random.nextInt(3);
        log.add("pick " + count);
        List<Eviction> evictions = pool.beginEvictions(count);
        List<PoolModel.Content> expected = model.pick(count);
        assertThat(evictions)
            .extracting(e -> e.block().key())
            .containsExactlyElementsOf(expected.stream().map(c -> key(c.number())).toList());
        for (int i = 0; i < evictions.size(); i++) {
          picked.add(new Picked(evictions.get(i), expected.get(i)));
        }
      } else {
        Picked one = picked.remove(random.nextInt(picked.size()));
        if (random.nextInt(3) == 0) {
          log.add("cancel " + one.content());
          one.eviction().cancel();
          model.cancel(one.content());
        } else {
          log.add("finish " + one.content());
          assertThat(one.eviction().finish()).isEqualTo(model.finish(one.content()));
        }
      }
    }

    private void resetSome() {
      long n = random.nextInt(keys);
      log.add("reset " + n);
      ResetReport report = pool.resetBlocks(List.of(key(n)));
      Map<String, List<BlockKey>> outcome = new LinkedHashMap<>();
      outcome.put("reset", report.reset());
      outcome.put("notFound", report.notFound());
      outcome.put("notReset", report.notReset());
      String expected = model.resetOne(n);
      assertThat(outcome.get(expected)).as(expected).containsExactly(key(n));
    }

    private void shareOrDiscard() {
      if (random.nextBoolean() && !held.isEmpty()) {
        Held one = held.get(random.nextInt(held.size()));
        log.add("share " + one.content());
        held.add(new Held(one.block().share(), one.content()));
        model.share(one.content());
      } else if (!filling.isEmpty()) {
        log.add("discard");
        filling.remove(random.nextInt(filling.size())).close();
        model.discard();
      }
    }

    private void growOrReset() {
      if (size < 16 && random.nextInt(4) == 0) {
        int more = 1 + random.nextInt(4);
        log.add("grow " + more);
        pool.addBlocks(layout(more));
        model.grow(more);
        size += more;
        return;
      }
      boolean allowed = model.reset();
      log.add("reset all " + allowed);
      try {
        pool.reset();
        assertThat(allowed).isTrue();
      } catch (CallerException e) {
        assertThat(allowed).as("reset").isFalse();
      }
    }

    private void compare() {
      assertThat(pool.status()).isEqualTo(model.status());
      assertThat(pool.availableBlocks())
          .isEqualTo(model.status().inactive() + model.status().empty());
      for (long n = 0; n < keys; n++) {
        assertThat(pool.contains(key(n))).as("key %d", n).isEqualTo(model.contains(n));
        assertThat(registry.isPresent(key(n), 0))
            .as("registry, key %d", n)
            .isEqualTo(model.isPresent(n));
      }
    }

    /** Gives everything back; then every block must be free to be allocated. */
    private void drain() {
      filling.forEach(MutableBlock::close);
      picked.forEach(one -> one.eviction().cancel());
      held.forEach(one -> one.block().close());
      List<MutableBlock> all = pool.allocateBlocks(size);
      assertThat(all).extracting(MutableBlock::blockId).doesNotHaveDuplicates();
      assertThat(registry.size()).isZero();
      BlockPool.closeAll(all);
      assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, size));
    }
  }
}
