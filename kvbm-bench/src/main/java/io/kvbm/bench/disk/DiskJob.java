package io.kvbm.bench.disk;

import java.util.List;

/**
 * What is done to a file.
 *
 * @param name of the case
 * @param fioMode what fio calls it
 * @param isRandom whether each position is drawn anew; otherwise they follow each other
 * @param readPercent share of reads, 0 to 100
 * @param blockByteSize bytes of a read or write
 * @param depth how many are in flight
 */
record DiskJob(
    String name, String fioMode, boolean isRandom, int readPercent, int blockByteSize, int depth) {

  static final List<DiskJob> ALL =
      List.of(
          new DiskJob("randread-4k-qd1", "randread", true, 100, 4 << 10, 1),
          new DiskJob("randread-4k-qd32", "randread", true, 100, 4 << 10, 32),
          new DiskJob("randread-64k-qd8", "randread", true, 100, 64 << 10, 8),
          new DiskJob("seqread-1m-qd8", "read", false, 100, 1 << 20, 8),
          new DiskJob("seqwrite-1m-qd8", "write", false, 0, 1 << 20, 8),
          new DiskJob("mixed-64k-qd8", "randrw", true, 70, 64 << 10, 8));

  boolean isMixed() {
    return readPercent > 0 && readPercent < 100;
  }
}
