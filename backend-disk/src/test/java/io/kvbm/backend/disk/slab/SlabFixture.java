package io.kvbm.backend.disk.slab;

import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.testkit.ManualClock;
import io.kvbm.testkit.RecordingCompletion;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.ResourceBundle;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Small stores for tests, and blocks whose bytes follow from key and generation. */
final class SlabFixture {

  static final Path DIRECTORY = Path.of("/blocks");
  static final long FINGERPRINT = 77;

  /** Two pages of body: some blocks fill one page, some reach into the second. */
  static final int SLOT_BYTE_SIZE = 5000;

  private SlabFixture() {}

  static SlabEnvironment environment(Disk disk, IoEngine engine, long seed) {
    return new SlabEnvironment(
        disk,
        engine,
        new ManualClock(),
        Runnable::run,
        MemoryBudget.UNLIMITED,
        MetricsSink.NULL,
        new Silence(),
        new SplittableRandom(seed));
  }

  static BlockStoreFactory.Spec spec(int slots) {
    return new BlockStoreFactory.Spec(slots, SLOT_BYTE_SIZE, FINGERPRINT);
  }

  /** A store on the calling thread. */
  static SlabStore open(Disk disk, int slots) {
    return SlabStore.open(
        environment(disk, new InlineEngine(), 1), SlabSettings.in(DIRECTORY), spec(slots));
  }

  static BlockKey key(long number) {
    return BlockKey.derived(number + 1);
  }

  /** The bytes of a block; their number, one of three, follows from key and generation too. */
  static byte[] content(BlockKey key, long generation) {
    SplittableRandom random = new SplittableRandom(key.hi() ^ generation * 0x9E3779B97F4A7C15L);
    byte[] bytes = new byte[new int[] {1, 4096, SLOT_BYTE_SIZE}[random.nextInt(3)]];
    random.nextBytes(bytes);
    return bytes;
  }

  static BlockWrite write(int slot, BlockKey key, long generation) {
    return new BlockWrite(
        slot, key, null, generation, 0, regions(MemorySegment.ofArray(content(key, generation))));
  }

  static List<Region> regions(MemorySegment bytes) {
    return List.of(new Region.HostRegion(bytes));
  }

  static BlockOutcome put(SlabStore store, int slot, BlockKey key, long generation) {
    RecordingCompletion completion = new RecordingCompletion(1);
    store.write(List.of(write(slot, key, generation)), completion);
    return completion.await().getFirst();
  }

  /** Returns the bytes, or null where the block was a miss. */
  static byte @Nullable [] get(SlabStore store, int slot, BlockKey key, long generation) {
    byte[] target = new byte[content(key, generation).length];
    RecordingCompletion completion = new RecordingCompletion(1);
    store.read(
        List.of(new BlockRead(slot, key, generation, regions(MemorySegment.ofArray(target)))),
        completion);
    return completion.await().getFirst().isDone() ? target : null;
  }

  static KvbmException failure(SlabStore store, int slot, BlockKey key, long generation) {
    byte[] target = new byte[content(key, generation).length];
    RecordingCompletion completion = new RecordingCompletion(1);
    store.read(
        List.of(new BlockRead(slot, key, generation, regions(MemorySegment.ofArray(target)))),
        completion);
    return completion.awaitFailure(0);
  }

  /** Damage is what these tests are about: nobody needs to read of it. */
  private static final class Silence implements System.Logger {
    @Override
    public String getName() {
      return "silence";
    }

    @Override
    public boolean isLoggable(Level level) {
      return false;
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle bundle, String message, Throwable thrown) {}

    @Override
    public void log(
        Level level, @Nullable ResourceBundle bundle, String format, Object... parameters) {}
  }
}
