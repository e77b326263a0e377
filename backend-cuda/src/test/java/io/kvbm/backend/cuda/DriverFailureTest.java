package io.kvbm.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.cuda.CudaDevice;
import io.kvbm.cuda.CudaDriver;
import io.kvbm.cuda.CudaStream;
import io.kvbm.cuda.CudaStream.Direction;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.cuda.CudaSimulator;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every call of the driver that a transfer makes fails, on every way a transfer can go. A block is
 * done with the right bytes or it has failed; bytes beside blocks stay; nothing hangs, and nothing
 * is left once the backend is closed.
 */
class DriverFailureTest {

  private static final int INVALID_VALUE = 1;
  private static final int OUT_OF_MEMORY = 2;
  private static final int ILLEGAL_ADDRESS = 700;

  private static final List<String> CALLS =
      List.of(
          "cuCtxPushCurrent",
          "cuCtxPopCurrent",
          "cuStreamCreate",
          "cuEventCreate",
          "cuEventRecord",
          "cuEventSynchronize",
          "cuMemcpyHtoDAsync",
          "cuMemcpyDtoHAsync",
          "cuMemcpyDtoDAsync",
          "cuMemcpy2DAsync",
          "cuMemcpyPeerAsync",
          "cuPointerGetAttribute",
          "cuMemHostAlloc",
          "cuModuleLoadData",
          "cuModuleGetFunction",
          "cuLaunchKernel",
          "copy");

  private static final int REGION = 48;
  private static final int STRIDE = 64;

  /** How bytes go, each by other calls. */
  private enum Way {
    SYSTEM_TO_DEVICE,
    DEVICE_TO_SYSTEM,
    PINNED_TO_DEVICE,
    DEVICE_TO_PINNED,
    ROWS,
    SCATTERED,
    KERNEL,
    KERNEL_FROM_PINNED,
    BETWEEN_DEVICES;

    /** The kernel's table is full more than once. */
    int regions() {
      return this == KERNEL ? 9000 : 32;
    }

    int regionsPerBlock() {
      return this == KERNEL ? 500 : 4; // some blocks are in the last table alone
    }

    String smallCopies() {
      return this == KERNEL || this == KERNEL_FROM_PINNED ? "kernel" : "calls";
    }
  }

  /** What each way calls where nothing fails. */
  private static final Map<Way, Map<String, Integer>> CALLS_OF = new EnumMap<>(Way.class);

  private CudaSimulator simulator;
  private List<Storage> keepers = List.of();

  @BeforeEach
  void prepare() {
    simulator = Driver.prepare().orElse(null);
    Assumptions.assumeTrue(simulator != null, "a real driver is not told to fail");
  }

  @AfterEach
  void nothingIsLeft() {
    if (simulator != null) {
      simulator.forgetFailures();
      keepers.forEach(Storage::close);
      assertThat(simulator.ledger().values()).as("%s", simulator.ledger()).allMatch(n -> n == 0);
      assertThat(simulator.damagedGuards()).isZero();
      simulator.clearError();
    }
  }

  static Stream<Arguments> failures() {
    return CALLS.stream()
        .flatMap(
            call ->
                Stream.of(INVALID_VALUE, OUT_OF_MEMORY, ILLEGAL_ADDRESS)
                    .map(result -> Arguments.of(call, result)));
  }

  @ParameterizedTest(name = "{0} gives {1}")
  @MethodSource("failures")
  void aFailedCallNeverLooksLikeData(String call, int result) {
    boolean isSticky = result == ILLEGAL_ADDRESS;
    keepers = isSticky ? List.of() : slabs();
    boolean wasMade = false;
    for (Way way : Way.values()) {
      int calls = Math.min(callsOf(way, call), isSticky ? 1 : 3);
      for (int skip = 0; skip < calls; skip++) {
        wasMade = true;
        fail(way, call, result, skip);
      }
    }
    assertThat(wasMade).as("some transfer makes the call").isTrue();
  }

  /** Keeps the devices and a slab of each, which are slow to get, from one world to the next. */
  private static List<Storage> slabs() {
    return List.of(new DeviceStorage(1, 0), new DeviceStorage(1, 1));
  }

  /** {@return how often a transfer makes a call} */
  private int callsOf(Way way, String call) {
    return CALLS_OF.computeIfAbsent(way, this::callsOf).getOrDefault(call, 0);
  }

  private Map<String, Integer> callsOf(Way way) {
    try (World world = new World(way)) {
      Map<String, Integer> calls = new HashMap<>();
      CALLS.forEach(call -> calls.put(call, -simulator.calls(call)));
      List<BlockOutcome> outcomes = world.move();
      CALLS.forEach(call -> calls.merge(call, world.callsAtEnd.get(call), Integer::sum));
      world.check(outcomes, way.name());
      assertThat(outcomes).allMatch(BlockOutcome::isDone);
      return calls;
    }
  }

  private void fail(Way way, String call, int result, int skip) {
    try (World world = new World(way)) {
      simulator.failNext(call, result, skip, 1);
      List<BlockOutcome> outcomes = world.move();
      world.closeBackend();
      world.check(outcomes, "%s %s %d after %d".formatted(way, call, result, skip));
      if (result != ILLEGAL_ADDRESS) {
        assertThat(simulator.ledger()).as("%s", way).isEqualTo(world.before);
      }
    }
    simulator.clearError();
  }

  @Test
  void blocksAreNotReportedWhileTheyMoveEvenIfTheWaitForThemFails() {
    try (World world = new World(Way.DEVICE_TO_PINNED)) {
      simulator.failNext("cuEventSynchronize", INVALID_VALUE, 0, 1);
      simulator.latency(20_000_000);
      assertThat(world.move()).noneMatch(BlockOutcome::isDone);
      byte[] reported = world.targetBytes;
      simulator.latency(0);
      world.backend.close(); // waits for its streams
      assertThat(World.read(world.target)).isEqualTo(reported);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuEventDestroy",
        "cuStreamDestroy",
        "cuStreamSynchronize",
        "cuModuleUnload",
        "cuMemFreeHost",
        "cuMemFree"
      })
  void whatCannotBeGivenBackKeepsNothingElse(String call) {
    try (World world = new World(Way.KERNEL)) {
      world.move();
      simulator.failNext(call, INVALID_VALUE, 0, 1);
      try {
        world.closeBackend();
      } catch (RuntimeException e) {
        assertThat(e).hasMessageContaining(call);
      }
      simulator.forgetFailures();
      long left = simulator.ledger().values().stream().mapToLong(n -> n).sum();
      long had = world.before.values().stream().mapToLong(n -> n).sum();
      assertThat(left - had)
          .as("%s, before %s", simulator.ledger(), world.before)
          .isBetween(0L, 1L);
      assertThat(simulator.ledger().get("contexts")).isEqualTo(world.before.get("contexts"));
      simulator.failNext(
          "cuMemGetInfo", ILLEGAL_ADDRESS, 0, 1); // what is left is forgotten with it
      assertThatCode(world.zero::freeByteSize).isInstanceOf(KvbmException.class);
    }
  }

  /** A backend with blocks in memory, and devices of the test's own that see their bytes. */
  private final class World implements AutoCloseable {

    final CudaDevice zero = CudaDriver.load().open(0);
    final CudaDevice one = CudaDriver.load().open(1);
    final Map<String, Long> before = simulator.ledger();
    private final Way way;
    private final Backend backend;
    private final Storage source;
    private final Storage target;
    private final TransferBatch batch;
    private final byte[] sourceBytes;
    private final Map<String, Integer> callsAtEnd = new HashMap<>();
    private byte[] targetBytes = new byte[0];
    private boolean open = true;

    World(Way way) {
      this.way = way;
      backend =
          new CudaBackendProvider()
              .open(new TestContext(), BackendConfig.of("smallCopies", way.smallCopies()));
      int byteSize = way.regions() * STRIDE;
      source =
          switch (way) {
            case SYSTEM_TO_DEVICE -> new HostStorage(byteSize);
            case PINNED_TO_DEVICE, KERNEL_FROM_PINNED -> new PinnedBytes(byteSize, zero);
            default -> new DeviceStorage(byteSize, 0);
          };
      target =
          switch (way) {
            case DEVICE_TO_SYSTEM -> new HostStorage(byteSize);
            case DEVICE_TO_PINNED -> new PinnedBytes(byteSize, zero);
            case BETWEEN_DEVICES -> new DeviceStorage(byteSize, 1);
            default -> new DeviceStorage(byteSize, 0);
          };
      sourceBytes = new byte[byteSize];
      BytePatterns.fill(MemorySegment.ofArray(sourceBytes), 5);
      write(source, sourceBytes);
      target.memset(BytePatterns.GUARD & 0xff, 0, byteSize);
      batch = batch();
    }

    private TransferBatch batch() {
      TransferBatch.Builder builder = TransferBatch.builder();
      for (int i = 0; i < way.regions(); i++) {
        int to = way == Way.ROWS ? i : way.regions() - 1 - i; // backwards is never rows
        builder.add(
            i / way.regionsPerBlock(),
            source,
            (long) i * STRIDE,
            target,
            (long) to * STRIDE,
            REGION);
      }
      return builder.build();
    }

    List<BlockOutcome> move() {
      RecordingCompletion completion =
          new RecordingCompletion(batch.blockCount(), Duration.ofSeconds(10));
      backend.transports().getFirst().submit(batch, completion);
      List<BlockOutcome> outcomes = completion.await();
      CALLS.forEach(call -> callsAtEnd.put(call, simulator.calls(call)));
      simulator.forgetFailures();
      targetBytes = readDespiteAll();
      return outcomes;
    }

    /** A lost context works while the bytes are read, and is lost again. */
    private byte[] readDespiteAll() {
      simulator.clearError();
      byte[] bytes = read(target);
      for (int ordinal = 0; ordinal < 2; ordinal++) {
        if (isDisabled(ordinal)) {
          simulator.failNext("cuMemGetInfo", ILLEGAL_ADDRESS, 0, 1);
          try (CudaDevice device = CudaDriver.load().open(ordinal)) {
            assertThatCode(device::freeByteSize).isInstanceOf(KvbmException.class);
          }
        }
      }
      return bytes;
    }

    private static boolean isDisabled(int ordinal) {
      SharedDevice device = SharedDevice.join(ordinal);
      try {
        return device.device().lostBy() != null;
      } finally {
        device.leave();
      }
    }

    void check(List<BlockOutcome> outcomes, String what) {
      boolean[] written = new boolean[targetBytes.length];
      for (int copy = 0; copy < batch.size(); copy++) {
        int from = (int) batch.sourceOffset(copy);
        int to = (int) batch.targetOffset(copy);
        boolean isDone = outcomes.get(batch.block(copy)).isDone();
        for (int i = 0; i < REGION; i++) {
          written[to + i] = true;
          if (isDone && targetBytes[to + i] != sourceBytes[from + i]) {
            throw new AssertionError(
                what + ": block " + batch.block(copy) + " is not what it says");
          }
        }
      }
      for (int i = 0; i < written.length; i++) {
        if (!written[i] && targetBytes[i] != BytePatterns.GUARD) {
          throw new AssertionError(what + ": byte " + i + " beside the blocks was written");
        }
      }
      for (BlockOutcome outcome : outcomes) {
        if (outcome instanceof BlockOutcome.Failed failed) {
          assertThat(failed.cause().code())
              .as(what)
              .isIn(ErrorCode.CUDA, ErrorCode.POISONED, ErrorCode.ALLOCATION_FAILED);
        } else {
          assertThat(outcome.isDone()).as(what).isTrue();
        }
      }
    }

    private static void write(Storage storage, byte[] bytes) {
      if (storage.isHostAccessible()) {
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, storage.mutableView(), 0, bytes.length);
        return;
      }
      transfer(storage, bytes, Direction.TO_DEVICE);
    }

    private static byte[] read(Storage storage) {
      byte[] bytes = new byte[(int) storage.byteSize()];
      if (storage.isHostAccessible()) {
        MemorySegment.copy(storage.view(), 0, MemorySegment.ofArray(bytes), 0, bytes.length);
      } else {
        transfer(storage, bytes, Direction.TO_HOST);
      }
      return bytes;
    }

    /** By a device opened for it alone: the backend's may be disabled. */
    private static void transfer(Storage storage, byte[] bytes, Direction direction) {
      try (CudaDevice device = CudaDriver.load().open((int) storage.type().id());
          CudaStream stream = device.openStream("test");
          HostStorage host = new HostStorage(bytes.length)) {
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, host.mutableView(), 0, bytes.length);
        boolean up = direction == Direction.TO_DEVICE;
        stream.copy(
            direction,
            up ? host.address() : storage.address(),
            up ? storage.address() : host.address(),
            bytes.length);
        stream.await();
        MemorySegment.copy(host.view(), 0, MemorySegment.ofArray(bytes), 0, bytes.length);
      }
    }

    void closeBackend() {
      open = false;
      try (Storage _ = source;
          Storage _ = target) {
        backend.close();
      }
    }

    @Override
    public void close() {
      simulator.forgetFailures();
      if (open) {
        closeBackend();
      }
      one.close();
      zero.close();
    }
  }
}
