package io.kvbm.backend.disk.object;

/**
 * Where a value is.
 *
 * @param segment the file of the log
 * @param offset where its entry starts in it
 * @param headByteSize bytes of the entry before the body
 * @param storedByteSize bytes of the body
 * @param rawByteSize bytes of the value
 * @param version the value's
 * @param expiresAtMillis time of day, or {@link EntryHeader#NEVER}
 * @param codec number of the codec
 * @param objectId the file of the body, 0 where it is in the log
 */
record Location(
    long segment,
    long offset,
    int headByteSize,
    long storedByteSize,
    long rawByteSize,
    long version,
    long expiresAtMillis,
    byte codec,
    long objectId) {

  static Location of(EntryHeader header, long segment, long offset) {
    return new Location(
        segment,
        offset,
        header.headByteSize(),
        header.storedByteSize(),
        header.rawByteSize(),
        header.version(),
        header.expiresAtMillis(),
        header.codec(),
        header.objectId());
  }

  boolean isInFile() {
    return objectId != 0;
  }

  /** {@return bytes of the entry in the log} */
  long entryByteSize() {
    return headByteSize + (isInFile() ? 0 : Format.up(storedByteSize, Format.ALIGNMENT));
  }

  boolean isExpired(long nowMillis) {
    return expiresAtMillis != EntryHeader.NEVER && nowMillis >= expiresAtMillis;
  }

  boolean isAt(long otherSegment, long otherOffset) {
    return segment == otherSegment && offset == otherOffset;
  }
}
