package io.kvbm.backend.disk.object;

import java.util.EnumSet;

/** Settings of small stores: segments of 32 KiB, files from 7000 bytes on. For one thread. */
final class TestSettings {

  static final int SEGMENT = 32 << 10;
  static final int FILE = 7000;

  private long segmentByteSize = SEGMENT;
  private long fileByteSize = FILE;
  private int codec;
  private long cacheByteSize;
  private long maxInFlightByteSize = 1 << 20;
  private long maxLogByteSize = Long.MAX_VALUE;
  private long maxValueByteSize = 1 << 20;
  private long maxKeys = 1 << 20;
  private int maxOpenFiles = 8;
  private long checkpointByteSize = 20_000;

  private TestSettings() {}

  static TestSettings small() {
    return new TestSettings();
  }

  TestSettings segments(long byteSize, long leastFile) {
    segmentByteSize = byteSize;
    fileByteSize = leastFile;
    return this;
  }

  TestSettings codec(int number) {
    codec = number;
    return this;
  }

  TestSettings cache(long byteSize) {
    cacheByteSize = byteSize;
    return this;
  }

  TestSettings maxInFlight(long byteSize) {
    maxInFlightByteSize = byteSize;
    return this;
  }

  TestSettings maxLog(long byteSize) {
    maxLogByteSize = byteSize;
    return this;
  }

  TestSettings maxValue(long byteSize) {
    maxValueByteSize = byteSize;
    return this;
  }

  TestSettings maxKeys(long count) {
    maxKeys = count;
    return this;
  }

  TestSettings maxOpenFiles(int count) {
    maxOpenFiles = count;
    return this;
  }

  TestSettings checkpoints(long byteSize) {
    checkpointByteSize = byteSize;
    return this;
  }

  StoreSettings build() {
    return new StoreSettings(
        true,
        segmentByteSize,
        fileByteSize,
        codec,
        cacheByteSize,
        0,
        maxInFlightByteSize,
        maxLogByteSize,
        maxValueByteSize,
        maxKeys,
        maxOpenFiles,
        checkpointByteSize,
        EnumSet.noneOf(Safeguard.class));
  }
}
