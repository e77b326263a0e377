package io.kvbm.cli.backends;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import io.kvbm.core.Platform;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.BlockPlace;
import io.kvbm.core.transfer.TransferOptions;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RequiredTools;
import io.kvbm.testkit.cuda.CudaSimulator;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every arrangement in every kind of memory to every other: each block arrives with the checksum it
 * had, and its neighbours stay. GPUs are simulated, unless {@code CUDA_UNDER_TEST} is {@code real}.
 */
class MemoryMatrixTest {

  private static final List<String> KINDS = List.of("system", "pinned", "device", "disk");
  private static final List<LayoutType> LAYOUTS =
      List.of(
          LayoutType.FULLY_CONTIGUOUS,
          LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS,
          LayoutType.PAGED);
  private static final LayoutConfig SHAPE =
      LayoutConfig.builder()
          .numBlocks(8)
          .numLayers(4)
          .outerDim(2)
          .pageSize(4)
          .innerDim(33)
          .dtype(DType.FP16)
          .build();
  private static final List<BlockMove> MOVES =
      List.of(BlockMove.of(0, 5), BlockMove.of(1, 6), BlockMove.of(7, 1), BlockMove.of(3, 3));
  private static final List<Integer> UNTOUCHED = List.of(0, 2, 4, 7);
  private static final List<BlockMove> ALL =
      IntStream.range(0, SHAPE.numBlocks()).mapToObj(i -> BlockMove.of(i, i)).toList();

  private static Platform platform;
  private static @Nullable CudaSimulator simulator;

  @BeforeAll
  static void load() {
    if (!"real".equals(System.getenv("CUDA_UNDER_TEST"))) {
      RequiredTools.assumeOrFail(
          "gcc", CudaSimulator.missing().isEmpty(), CudaSimulator.missing().orElse("it is there"));
      simulator = CudaSimulator.load();
    }
    platform = Platform.load();
  }

  @AfterAll
  static void close() {
    if (platform != null) {
      platform.close();
    }
    if (simulator != null) {
      assertThat(simulator.ledger().values()).as("%s", simulator.ledger()).allMatch(n -> n == 0);
      assertThat(simulator.damagedGuards()).isZero();
    }
  }

  static Stream<Arguments> ways() {
    return KINDS.stream()
        .flatMap(
            from ->
                KINDS.stream()
                    .flatMap(
                        to ->
                            LAYOUTS.stream()
                                .flatMap(
                                    source ->
                                        LAYOUTS.stream()
                                            .map(
                                                target ->
                                                    Arguments.of(from, source, to, target)))));
  }

  /** Blocks of one arrangement in one kind of memory. */
  private static final class Blocks implements AutoCloseable {

    private final List<Storage> storages = new ArrayList<>();
    private final BlockPlace place;

    Blocks(String kind, LayoutType type) {
      LayoutProvider provider = Layouts.of(type);
      provider
          .storageByteSizes(SHAPE)
          .forEach(size -> storages.add(platform.allocator(kind).allocate(size)));
      Layout layout = provider.bind(SHAPE, storages);
      place = new BlockPlace.LaidOut(layout);
    }

    MemorySegment view() {
      return storages.getFirst().mutableView();
    }

    MemorySegment block(int slot) {
      return view().asSlice(slot * SHAPE.blockByteSize(), SHAPE.blockByteSize());
    }

    @Override
    public void close() {
      storages.forEach(Storage::close);
    }
  }

  private static void move(Blocks source, Blocks target, List<BlockMove> moves) {
    assertThat(
            platform
                .transfers()
                .submit(source.place, target.place, moves, TransferOptions.DEFAULT)
                .await())
        .hasSameSizeAs(moves)
        .allSatisfy(outcome -> assertThat(outcome.isDone()).as("%s", outcome).isTrue());
  }

  private static long checksum(MemorySegment bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes.asByteBuffer());
    return checksum.getValue();
  }

  @ParameterizedTest(name = "{0} {1} -> {2} {3}")
  @MethodSource("ways")
  void blocksArriveWithTheirChecksumsAndTheirNeighboursStay(
      String from, LayoutType sourceType, String to, LayoutType targetType) {
    try (Blocks written = new Blocks("system", LayoutType.FULLY_CONTIGUOUS);
        Blocks source = new Blocks(from, sourceType);
        Blocks target = new Blocks(to, targetType);
        Blocks read = new Blocks("system", LayoutType.FULLY_CONTIGUOUS)) {
      BytePatterns.guard(written.view());
      move(written, target, ALL);
      BytePatterns.fill(written.view(), 17);
      move(written, source, ALL);

      move(source, target, MOVES);

      move(target, read, ALL);
      for (BlockMove move : MOVES) {
        assertThat(checksum(read.block(move.targetSlot())))
            .as("block %d", move.sourceSlot())
            .isEqualTo(checksum(written.block(move.sourceSlot())));
      }
      UNTOUCHED.forEach(
          slot -> BytePatterns.verifyAll(read.block(slot), BytePatterns.GUARD, "guard " + slot));
    }
  }
}
