package io.kvbm.backend.disk.media;

/**
 * What a short probe found out about a directory.
 *
 * @param isDirect whether the page cache was passed by; otherwise the figures are those of memory
 * @param sequentialReadMegabytesPerSecond reads of 1 MiB, one after the other
 * @param sequentialWriteMegabytesPerSecond writes of 1 MiB, one after the other, without the sync
 * @param randomReadIops reads of 4 KiB per second, as many at once as the medium is said to like,
 *     but no more than {@link MediaProbe#MAX_THREADS}
 * @param syncMicros how long the sync of what was written took
 * @param byteSize how much was written
 * @param elapsedNanos how long all of it took
 */
public record MediaMeasurement(
    boolean isDirect,
    int sequentialReadMegabytesPerSecond,
    int sequentialWriteMegabytesPerSecond,
    int randomReadIops,
    long syncMicros,
    long byteSize,
    long elapsedNanos) {

  /** {@return one line for people} */
  public String text() {
    return "measured %d MB/s read, %d MB/s written, %d reads/s, %d us to sync%s"
        .formatted(
            sequentialReadMegabytesPerSecond,
            sequentialWriteMegabytesPerSecond,
            randomReadIops,
            syncMicros,
            isDirect ? "" : ", through the page cache");
  }
}
