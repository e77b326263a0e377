package io.kvbm.bench.gpu;

import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Blocks to be copied in one batch, over and over.
 *
 * @param way which way
 * @param host the kind of the host memory
 * @param blocks how many
 * @param blockByteSize the length of each in bytes
 * @param arrangement of the blocks on the device, of the targets where both are there; the others
 *     are in one piece each
 * @param smallCopies how the backend copies small regions
 */
record CopyCase(
    Way way,
    String host,
    int blocks,
    long blockByteSize,
    LayoutType arrangement,
    String smallCopies) {

  /** Layers of each block. */
  private static final int LAYERS = 32;

  /** Keys and values. */
  private static final int OUTER = 2;

  /** Tokens of each block. */
  private static final int PAGE = 16;

  /** What a block is cut into where layers lie apart. */
  static final int REGIONS = LAYERS * OUTER;

  private static final long KIBI = 1 << 10;
  private static final long MEBI = 1 << 20;
  private static final List<Long> SIZES = List.of(64 * KIBI, 512 * KIBI, 2 * MEBI);

  /** {@return every case, with batches of so many blocks} */
  static List<CopyCase> all(int blocks) {
    List<CopyCase> cases = new ArrayList<>();
    for (Way way : Way.values()) {
      for (long size : SIZES) {
        cases.add(contiguous(way, "pinned", 1, size));
        cases.add(contiguous(way, "pinned", blocks, size));
      }
      for (String smallCopies : List.of("auto", "calls", "kernel")) {
        cases.add(
            new CopyCase(
                way,
                "pinned",
                blocks,
                2 * MEBI,
                LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS,
                smallCopies));
      }
    }
    cases.add(contiguous(Way.H2D, "system", blocks, 2 * MEBI));
    cases.add(contiguous(Way.D2H, "system", blocks, 2 * MEBI));
    return cases;
  }

  private static CopyCase contiguous(Way way, String host, int blocks, long size) {
    return new CopyCase(way, host, blocks, size, LayoutType.FULLY_CONTIGUOUS, "auto");
  }

  /** {@return all bytes of a batch} */
  long byteSize() {
    return blocks * blockByteSize;
  }

  boolean isSplit() {
    return !arrangement.equals(LayoutType.FULLY_CONTIGUOUS);
  }

  /** Where the blocks are, as a kind of memory. */
  String source() {
    return way == Way.H2D ? host : "device";
  }

  /** Where they go. */
  String targetKind() {
    return way == Way.D2H ? host : "device";
  }

  /** How they are arranged where they are. */
  LayoutType sourceType() {
    return way == Way.D2H ? arrangement : LayoutType.FULLY_CONTIGUOUS;
  }

  /** And where they go. */
  LayoutType targetType() {
    return way == Way.D2H ? LayoutType.FULLY_CONTIGUOUS : arrangement;
  }

  /** {@return the shape of the blocks} */
  LayoutConfig shape() {
    return LayoutConfig.builder()
        .numBlocks(blocks)
        .numLayers(LAYERS)
        .outerDim(OUTER)
        .pageSize(PAGE)
        .innerDim(Math.toIntExact(blockByteSize / REGIONS / PAGE / Short.BYTES))
        .dtype(DType.FP16)
        .build();
  }

  String name() {
    String name =
        "%s %d x %s".formatted(way.name().toLowerCase(Locale.ROOT), blocks, size(blockByteSize));
    if (isSplit()) {
      name += " in %d regions, %s".formatted(REGIONS, smallCopies);
    }
    return host.equals("pinned") ? name : name + ", pageable";
  }

  private static String size(long bytes) {
    return bytes >= MEBI ? bytes / MEBI + " MiB" : bytes / KIBI + " KiB";
  }
}
