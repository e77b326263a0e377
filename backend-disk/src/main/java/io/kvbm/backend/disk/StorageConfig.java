package io.kvbm.backend.disk;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.backend.disk.object.StoreSettings;
import java.util.Objects;

/**
 * How an {@link NvmeStore} works. Immutable.
 *
 * @param ioDepth reads and writes at the device at once, 1 to 256
 * @param directIo whether to bypass the page cache where that works
 * @param compression of new values; a value is kept as it is unless that saves 3 %
 * @param cacheSize bytes of memory for hot values; 0 for none
 * @param prefetchDistance pages of 4096 bytes to read ahead of a sequential reader; 0 for none
 * @param segmentSize bytes of a file of the log, 64 KiB to 1 GiB, a multiple of 4096
 * @param maxInFlight most bytes of values being put at once
 * @param maxLogSize most bytes of the log's files
 * @param maxValueSize most bytes of one value
 * @param maxKeys most objects
 * @param maxOpenFiles most files open for reading, at least 4
 */
@Stability(Stability.Level.PREVIEW)
public record StorageConfig(
    int ioDepth,
    boolean directIo,
    CompressionType compression,
    long cacheSize,
    int prefetchDistance,
    long segmentSize,
    long maxInFlight,
    long maxLogSize,
    long maxValueSize,
    long maxKeys,
    int maxOpenFiles) {

  private static final int PAGE = 4096;
  private static final long LEAST_SEGMENT = 64 << 10;
  private static final long GREATEST_SEGMENT = 1 << 30;
  private static final long SEGMENTS_PER_VALUE = 8;

  /** Checks the ranges. */
  public StorageConfig {
    Objects.requireNonNull(compression, "compression");
    require("ioDepth", ioDepth, 1, DiskSettings.MAX_IO_DEPTH);
    require("cacheSize", cacheSize, 0, Long.MAX_VALUE);
    require("prefetchDistance", prefetchDistance, 0, 1 << 20);
    require("segmentSize", segmentSize, LEAST_SEGMENT, GREATEST_SEGMENT);
    require("segmentSize modulo 4096", segmentSize % PAGE, 0, 0);
    require("maxInFlight", maxInFlight, 1, Long.MAX_VALUE);
    require("maxLogSize", maxLogSize, 2 * segmentSize, Long.MAX_VALUE);
    require("maxValueSize", maxValueSize, 1, Long.MAX_VALUE);
    require("maxKeys", maxKeys, 1, Long.MAX_VALUE);
    require("maxOpenFiles", maxOpenFiles, 4, Integer.MAX_VALUE);
  }

  private static void require(String name, long value, long least, long greatest) {
    if (value < least || value > greatest) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "%s is %d, expected %d to %d".formatted(name, value, least, greatest));
    }
  }

  /** {@return direct I/O, 32 at once, no compression, no cache, no reading ahead} */
  public static StorageConfig defaults() {
    return builder().build();
  }

  /** {@return a builder that starts with the defaults} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return a builder that starts with these values} */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.ioDepth = ioDepth;
    builder.directIo = directIo;
    builder.compression = compression;
    builder.cacheSize = cacheSize;
    builder.prefetchDistance = prefetchDistance;
    builder.segmentSize = segmentSize;
    builder.maxInFlight = maxInFlight;
    builder.maxLogSize = maxLogSize;
    builder.maxValueSize = maxValueSize;
    builder.maxKeys = maxKeys;
    builder.maxOpenFiles = maxOpenFiles;
    return builder;
  }

  /**
   * {@return this configuration with another choice}
   *
   * @param value whether to bypass the page cache where that works
   */
  public StorageConfig withDirectIo(boolean value) {
    return toBuilder().directIo(value).build();
  }

  /**
   * {@return this configuration with another depth}
   *
   * @param value reads and writes at the device at once
   */
  public StorageConfig withIoDepth(int value) {
    return toBuilder().ioDepth(value).build();
  }

  /**
   * {@return this configuration with another compression}
   *
   * @param value of new values
   */
  public StorageConfig withCompression(CompressionType value) {
    return toBuilder().compression(value).build();
  }

  /**
   * {@return this configuration with another cache}
   *
   * @param byteSize of memory for hot values; 0 for none
   */
  public StorageConfig withCacheSize(long byteSize) {
    return toBuilder().cacheSize(byteSize).build();
  }

  /**
   * {@return this configuration with another distance}
   *
   * @param pages of 4096 bytes to read ahead; 0 for none
   */
  public StorageConfig withPrefetchDistance(int pages) {
    return toBuilder().prefetchDistance(pages).build();
  }

  StoreSettings toSettings() {
    return new StoreSettings(
        directIo,
        segmentSize,
        segmentSize / SEGMENTS_PER_VALUE,
        compression.code(),
        cacheSize,
        (long) prefetchDistance * PAGE,
        maxInFlight,
        maxLogSize,
        maxValueSize,
        maxKeys,
        maxOpenFiles,
        StoreSettings.DEFAULT.checkpointByteSize(),
        StoreSettings.DEFAULT.without());
  }

  /** Collects options; each has a default. For one thread. */
  @Stability(Stability.Level.PREVIEW)
  public static final class Builder {
    private int ioDepth = 32;
    private boolean directIo = true;
    private CompressionType compression = CompressionType.NONE;
    private long cacheSize;
    private int prefetchDistance;
    private long segmentSize = 64L << 20;
    private long maxInFlight = 1L << 30;
    private long maxLogSize = Long.MAX_VALUE;
    private long maxValueSize = 1L << 40;
    private long maxKeys = 1L << 31;
    private int maxOpenFiles = 32;

    private Builder() {}

    /**
     * Sets an option.
     *
     * @param value reads and writes at the device at once, 1 to 256
     * @return this builder
     */
    public Builder ioDepth(int value) {
      ioDepth = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value whether to bypass the page cache where that works
     * @return this builder
     */
    public Builder directIo(boolean value) {
      directIo = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value of new values
     * @return this builder
     */
    public Builder compression(CompressionType value) {
      compression = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value bytes of memory for hot values; 0 for none
     * @return this builder
     */
    public Builder cacheSize(long value) {
      cacheSize = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value pages of 4096 bytes to read ahead of a sequential reader; 0 for none
     * @return this builder
     */
    public Builder prefetchDistance(int value) {
      prefetchDistance = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value bytes of a file of the log
     * @return this builder
     */
    public Builder segmentSize(long value) {
      segmentSize = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value most bytes of values being put at once
     * @return this builder
     */
    public Builder maxInFlight(long value) {
      maxInFlight = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value most bytes of the log's files
     * @return this builder
     */
    public Builder maxLogSize(long value) {
      maxLogSize = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value most bytes of one value
     * @return this builder
     */
    public Builder maxValueSize(long value) {
      maxValueSize = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value most objects
     * @return this builder
     */
    public Builder maxKeys(long value) {
      maxKeys = value;
      return this;
    }

    /**
     * Sets an option.
     *
     * @param value most files open for reading
     * @return this builder
     */
    public Builder maxOpenFiles(int value) {
      maxOpenFiles = value;
      return this;
    }

    /** {@return the configuration} */
    public StorageConfig build() {
      return new StorageConfig(
          ioDepth,
          directIo,
          compression,
          cacheSize,
          prefetchDistance,
          segmentSize,
          maxInFlight,
          maxLogSize,
          maxValueSize,
          maxKeys,
          maxOpenFiles);
    }
  }
}
