package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.disk.SimDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * What a backend leaves behind: nothing. Each test opens, uses and closes the backend again and
 * again; what stays, or grows with the rounds, is a leak. What the first round takes for good, such
 * as a loaded library, is not.
 */
public abstract class LeakContract extends BackendContract {

  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final Path MEMORY = Path.of("/proc/self/statm");
  private static final long PAGE = 4096;
  private static final int ROUNDS = 16;

  /** Bytes of one storage of the memory test: so large that it is mapped and unmapped by itself. */
  private static final int LARGE = 8 << 20;

  /** Growth of resident memory that is a leak: half of what the rounds take. */
  private static final long LEAK = (long) ROUNDS * LARGE / 2;

  private static final int MEASUREMENTS = 3;

  /** Creates the contract; called by JUnit. */
  protected LeakContract() {}

  private void round() {
    try (TestContext lent = openHarness().context();
        Backend open = openHarness().provider().open(lent, openHarness().config())) {
      new Workload(open, openHarness()).runAll();
      for (StorageAllocator allocator : open.allocators()) {
        refuse(allocator);
      }
    }
  }

  private void refuse(StorageAllocator allocator) {
    try {
      allocator.allocate(openHarness().impossibleByteSize()).close();
    } catch (KvbmException refused) {
      assertOneLine(refused);
    }
  }

  @Test
  void descriptorsAreClosed() throws IOException {
    assumeThere(DESCRIPTORS);
    round();
    long before = descriptors();
    for (int i = 0; i < ROUNDS; i++) {
      round();
    }
    assertThat(descriptors() - before)
        .as("open descriptors added by %d rounds", ROUNDS)
        .isLessThan(ROUNDS);
  }

  @Test
  void threadsEnd() throws InterruptedException {
    round();
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    int rounds = ROUNDS / 4;
    for (int i = 0; i < rounds; i++) {
      round();
    }
    long end = System.nanoTime() + openHarness().deadline().toNanos();
    Set<String> left = threadsBeside(before);
    while (left.size() >= rounds && System.nanoTime() < end) {
      Thread.sleep(5);
      left = threadsBeside(before);
    }
    assertThat(left).as("threads left by %d rounds", rounds).hasSizeLessThan(rounds);
  }

  private static Set<String> threadsBeside(Set<Thread> before) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread))
        .map(thread -> thread.getName() + " (" + thread.threadId() + ")")
        .collect(Collectors.toSet());
  }

  @Test
  void memoryIsFreed() throws IOException {
    assumeThere(MEMORY);
    Assumptions.assumeFalse(
        context().disk().orElse(null) instanceof SimDisk,
        "a simulated disk keeps its files on the Java heap, which resident memory counts too");
    largeRound();
    long grown = growth();
    // The Java heap may have grown too, which it does not do each time; a leak does.
    for (int i = 1; i < MEASUREMENTS && grown >= LEAK; i++) {
      grown = growth();
    }
    assertThat(grown)
        .as("resident bytes added by %d rounds of %d bytes each", ROUNDS, LARGE)
        .isLessThan(LEAK);
  }

  private long growth() throws IOException {
    long before = residentByteSize();
    for (int i = 0; i < ROUNDS; i++) {
      largeRound();
    }
    return residentByteSize() - before;
  }

  private void largeRound() {
    try (TestContext lent = openHarness().context();
        Backend open = openHarness().provider().open(lent, openHarness().config())) {
      for (StorageAllocator allocator : open.allocators()) {
        try (Storage storage = allocator.allocate(LARGE)) {
          for (long at = 0; at < storage.byteSize(); at += PAGE) {
            storage.memset(1, at, 1);
          }
        }
      }
    }
  }

  @Test
  void theMemoryBudgetIsGivenBack() {
    try (TestContext lent = openHarness().context()) {
      try (Backend open = openHarness().provider().open(lent, openHarness().config())) {
        new Workload(open, openHarness()).runAll();
      }
      assertThat(lent.reservedByteSize())
          .as("bytes of the memory budget not given back when the backend is closed")
          .isZero();
    }
  }

  @Test
  void filesAreRemoved() {
    round();
    assertThat(openHarness().leftovers()).as("files left by a closed backend").isEmpty();
  }

  private static void assumeThere(Path path) {
    Assumptions.assumeTrue(Files.exists(path), "needs " + path + ", which Linux has");
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      return open.count();
    }
  }

  private static long residentByteSize() throws IOException {
    return Long.parseLong(Files.readString(MEMORY).split(" ", -1)[1]) * PAGE;
  }
}
