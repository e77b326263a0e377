package io.kvbm.backend.disk.log;

import java.nio.file.Path;

/** A segment with a name, and how far it is filled. Guarded by its log. */
final class Segment {

  private final SegmentHeader header;
  private final Path path;
  private long end;
  private int chain;
  private long firstRecord = -1;
  private long lastRecord = -1;

  Segment(SegmentHeader header, Path path) {
    this.header = header;
    this.path = path;
    this.end = SegmentHeader.PAGE;
    this.chain = header.crc();
  }

  Segment(SegmentHeader header, Path path, SegmentScan scan) {
    this.header = header;
    this.path = path;
    this.end = scan.end();
    this.chain = scan.chain();
    this.firstRecord = scan.firstRecord();
    this.lastRecord = scan.lastRecord();
  }

  SegmentHeader header() {
    return header;
  }

  Path path() {
    return path;
  }

  /** {@return the byte behind the last record} */
  long end() {
    return end;
  }

  int chain() {
    return chain;
  }

  boolean isEmpty() {
    return firstRecord < 0;
  }

  long firstRecord() {
    return firstRecord;
  }

  /** {@return the highest number up to its end, also of earlier segments} */
  long last() {
    return lastRecord < 0 ? header.firstSequence() - 1 : lastRecord;
  }

  void grow(Group group, long newEnd, int newChain) {
    firstRecord = firstRecord < 0 ? group.first() : firstRecord;
    lastRecord = group.last();
    end = newEnd;
    chain = newChain;
  }

  /** {@return the header of the segment behind it} */
  SegmentHeader next(long firstSequence, long byteSize) {
    return new SegmentHeader(
        header.log(),
        header.number() + 1,
        firstSequence,
        byteSize,
        header.number(),
        end,
        chain,
        last(),
        0);
  }
}
