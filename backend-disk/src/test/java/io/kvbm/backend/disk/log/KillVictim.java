package io.kvbm.backend.disk.log;

import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.backend.disk.DiskBackendProvider;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;

/**
 * A process that fills a log, a block store and an object store and says what was acknowledged, a
 * line each, until it is killed: {@code L number} for a record that is at least written, {@code B
 * slot generation} for a block, {@code O key version} for an object, {@code E code} and exit code 3
 * for a typed error.
 */
final class KillVictim {

  static final int SLOTS = 32;
  static final int KEYS = 16;
  static final long FINGERPRINT = 7;
  static final int TYPED_ERROR = 3;

  private static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.out);

  private KillVictim() {}

  static BackendConfig config(String directory) {
    return BackendConfig.of("dir", directory).with("logSegmentSize", "1MiB");
  }

  static BlockStoreFactory.Spec blocks() {
    return new BlockStoreFactory.Spec(SLOTS, 8192, FINGERPRINT);
  }

  static int recordByteSize(long sequence) {
    return (int) (sequence * 37 % 3000);
  }

  static BlockKey key(int slot, long generation) {
    return new BlockKey(generation * 1000 + slot, slot);
  }

  public static void main(String[] arguments) throws IOException {
    int code = 0;
    try (TestContext context = new TestContext();
        Backend backend = new DiskBackendProvider().open(context, config(arguments[0]));
        Log log = backend.logs().getFirst().open("log");
        BlockStore store = backend.blockStores().getFirst().open(blocks());
        ObjectStore objects = backend.objectStores().getFirst().open("objects", OpenMode.WRITE)) {
      work(log, store, objects, new SplittableRandom(Long.parseLong(arguments[1])));
    } catch (KvbmException e) {
      say("E " + e.code() + " " + e.getMessage());
      code = TYPED_ERROR;
    }
    Runtime.getRuntime().halt(code);
  }

  private static void work(Log log, BlockStore store, ObjectStore objects, SplittableRandom random)
      throws IOException {
    store.recover(_ -> {});
    long generation = System.nanoTime(); // above those of earlier runs of this machine
    for (int i = 0; i < 100_000; i++) {
      append(log, random);
      if (random.nextInt(4) == 0) {
        write(store, random.nextInt(SLOTS), generation++);
      }
      if (random.nextInt(4) == 0) {
        put(objects, random.nextInt(KEYS), generation++, random.nextBoolean());
      }
      if (random.nextInt(100) == 0) {
        log.truncateBefore(Math.max(1, log.nextSequence() - 300));
      }
    }
  }

  private static void append(Log log, SplittableRandom random) throws IOException {
    long sequence = log.nextSequence();
    Durability durability = Durability.values()[random.nextInt(3)];
    MemorySegment record = BytePatterns.heap(recordByteSize(sequence), sequence);
    try {
      long got = log.append(record, durability).toCompletableFuture().join();
      if (got != sequence) {
        throw new AssertionError(got + " instead of " + sequence);
      }
    } catch (CompletionException e) {
      throw e.getCause() instanceof KvbmException cause ? cause : e;
    }
    if (durability != Durability.NONE) {
      say("L " + sequence);
    }
  }

  private static void write(BlockStore store, int slot, long generation) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = BytePatterns.allocate(arena, 8192, generation);
      RecordingCompletion completion = new RecordingCompletion(1, Duration.ofSeconds(60));
      Region source = new Region.HostRegion(bytes);
      store.write(
          List.of(
              new BlockWrite(slot, key(slot, generation), null, generation, 0, List.of(source))),
          completion);
      BlockOutcome outcome = completion.await().getFirst();
      if (outcome instanceof BlockOutcome.Done) {
        say("B " + slot + " " + generation);
      }
    }
  }

  private static void put(ObjectStore objects, int key, long version, boolean synced)
      throws IOException {
    Durability durability = synced ? Durability.SYNCED : Durability.WRITTEN;
    objects.put("key-" + key, object(version), PutOptions.DEFAULT.withDurability(durability));
    say("O " + key + " " + version);
  }

  /** {@return an object that tells its version} */
  static MemorySegment object(long version) {
    MemorySegment bytes = BytePatterns.heap(8 + (int) (version % 5000), version);
    bytes.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, version);
    return bytes;
  }

  private static void say(String line) throws IOException {
    OUT.write((line + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
