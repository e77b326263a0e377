package io.kvbm.backend.disk.object;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.io.SingleThreadEngine;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.ManualClock;
import io.kvbm.testkit.disk.CrashOracle;
import io.kvbm.testkit.disk.CrashStory;
import io.kvbm.testkit.disk.SimDisk;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** An object store on a disk that loses power, and, if told so, on one that misplaces writes. */
final class ObjectStory implements CrashStory {

  private static final int KEYS = 6;
  private static final int LIAR_VALUE = 600;
  private static final PutOptions.Condition ANY = PutOptions.Condition.ALWAYS;

  private final String name;
  private final StoreSettings settings;
  private final boolean liar;
  private CrashOracle<String> oracle = new CrashOracle<>();
  private long nextVersion = 1;
  private int directory;
  private @Nullable LogObjectStore store;

  ObjectStory(EnumSet<Safeguard> without, boolean liar) {
    this("k", without, liar);
  }

  /**
   * @param name of the store and of its keys
   * @param without what the store does not do
   * @param liar whether the disk misplaces what is written or read
   */
  ObjectStory(String name, EnumSet<Safeguard> without, boolean liar) {
    this.name = name;
    this.settings = settings(without);
    this.liar = liar;
  }

  static StoreSettings settings(EnumSet<Safeguard> without) {
    return new StoreSettings(
        true,
        32 << 10,
        7000,
        0,
        0,
        0,
        1 << 20,
        Long.MAX_VALUE,
        1 << 20,
        1 << 20,
        8,
        20_000,
        without);
  }

  @Override
  public void open(SimDisk disk) {
    while (true) {
      try {
        store =
            LogObjectStore.open(
                disk,
                new SingleThreadEngine(),
                Path.of("/store-" + name + "-" + directory),
                OpenMode.WRITE,
                settings,
                new Codecs(List.of()),
                new ManualClock(),
                MemoryBudget.UNLIMITED,
                MetricsSink.NULL);
        break;
      } catch (CorruptionException e) {
        if (!liar) {
          throw new AssertionError("an honest disk shows no damage", e);
        }
        directory++; // the loss was seen, which is all that can be asked for
        oracle = new CrashOracle<>();
      }
    }
    if (!liar) {
      oracle.assertPrefix(this::found);
    }
    oracle.settles(this::found);
  }

  private LogObjectStore store() {
    return Objects.requireNonNull(store);
  }

  /** {@return the version of a key after a recovery; a liar's damage is noticed and removed} */
  private long found(String key) {
    try {
      return version(key);
    } catch (CorruptionException e) {
      if (!liar) {
        throw new AssertionError("an honest disk shows no damage", e);
      }
      store().delete(key, Durability.SYNCED);
      return CrashOracle.ABSENT;
    }
  }

  /** {@return the version of a key, told by its bytes, each of which is looked at} */
  private long version(String key) {
    Optional<byte[]> bytes = store().getBytes(key);
    if (bytes.isEmpty()) {
      return CrashOracle.ABSENT;
    }
    MemorySegment value = MemorySegment.ofArray(bytes.get());
    long version = value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    long seed = version * 31 + key.hashCode();
    BytePatterns.verify(value.asSlice(Long.BYTES), seed, key + " version " + version);
    return version;
  }

  private static MemorySegment value(String key, long version, int byteSize) {
    MemorySegment value = MemorySegment.ofArray(new byte[byteSize]);
    value.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, version);
    MemorySegment pattern = BytePatterns.heap(byteSize - Long.BYTES, version * 31 + key.hashCode());
    MemorySegment.copy(pattern, 0, value, Long.BYTES, pattern.byteSize());
    return value;
  }

  @Override
  public void work(SplittableRandom random, int operations) {
    for (int i = 0; i < operations; i++) {
      int choice = random.nextInt(100);
      if (choice < 45) {
        put(random);
      } else if (choice < 55) {
        delete(random);
      } else if (choice < 65) {
        batch(random);
      } else if (choice < 68) {
        store().flush();
        oracle.synced();
      } else if (choice < 71) {
        store().compact(io.kvbm.api.store.MaintainedStore.Progress.NONE);
      } else if (choice < 76) {
        write(random);
      } else {
        read(key(random));
      }
    }
  }

  private void read(String key) {
    long found;
    try {
      found = version(key);
    } catch (CorruptionException e) {
      if (!liar) {
        throw new AssertionError("an honest disk shows no damage", e);
      }
      CrashOracle.Ticket ticket = oracle.tries(key, CrashOracle.ABSENT);
      store().delete(key, Durability.SYNCED);
      oracle.acknowledged(ticket, true);
      return;
    }
    oracle.assertRead(key, found);
  }

  private String key(SplittableRandom random) {
    return name + "/" + random.nextInt(KEYS);
  }

  private int byteSize(SplittableRandom random) {
    if (liar) {
      return LIAR_VALUE;
    }
    return random.nextInt(12) == 0
        ? 7000 + random.nextInt(9000)
        : Long.BYTES + random.nextInt(1 + random.nextInt(6000));
  }

  private static Durability durability(SplittableRandom random) {
    return Durability.values()[random.nextInt(3)];
  }

  private void put(SplittableRandom random) {
    String key = key(random);
    Durability durability = durability(random);
    long version = nextVersion++;
    MemorySegment value = value(key, version, byteSize(random));
    CrashOracle.Ticket ticket = oracle.tries(key, version);
    store().put(key, value, new PutOptions(durability, ANY, 0, null));
    acknowledged(ticket, durability);
  }

  private void write(SplittableRandom random) {
    String key = key(random);
    Durability durability = durability(random);
    long version = nextVersion++;
    MemorySegment value = value(key, version, byteSize(random));
    long half = value.byteSize() / 2;
    CrashOracle.Ticket ticket = oracle.tries(key, version);
    PutOptions options = new PutOptions(durability, ANY, 0, null);
    try (ObjectWriter writer = store().writer(key, options)) {
      writer.write(value.asSlice(0, half));
      writer.write(value.asSlice(half));
      if (random.nextInt(5) == 0) {
        oracle.refused(ticket);
        return;
      }
      writer.commit();
    }
    acknowledged(ticket, durability);
  }

  private void delete(SplittableRandom random) {
    String key = key(random);
    Durability durability = durability(random);
    CrashOracle.Ticket ticket = oracle.tries(key, CrashOracle.ABSENT);
    store().delete(key, durability);
    acknowledged(ticket, durability);
  }

  private void batch(SplittableRandom random) {
    Durability durability = durability(random);
    ObjectBatch batch = new ObjectBatch();
    Map<String, Long> versions = new HashMap<>();
    int steps = 2 + random.nextInt(3);
    for (int i = 0; i < steps; i++) {
      String key = key(random);
      if (random.nextInt(4) == 0) {
        batch.delete(key);
        versions.put(key, CrashOracle.ABSENT);
      } else {
        long version = nextVersion++;
        batch.put(
            key, value(key, version, byteSize(random)), new PutOptions(durability, ANY, 0, null));
        versions.put(key, version);
      }
    }
    CrashOracle.Ticket ticket = oracle.tries(versions);
    store().apply(batch);
    boolean puts = versions.values().stream().anyMatch(version -> version != CrashOracle.ABSENT);
    acknowledged(ticket, puts ? durability : Durability.NONE);
  }

  /** What is durable makes everything before it durable: the log has no holes. */
  private void acknowledged(CrashOracle.Ticket ticket, Durability durability) {
    oracle.acknowledged(ticket, durability == Durability.SYNCED);
  }

  @Override
  public void abandon() {
    if (store != null) {
      store.abandon();
      store = null;
    }
  }

  @Override
  public void close() {
    store().close();
    oracle.synced();
    store = null;
  }
}
