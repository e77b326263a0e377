package io.kvbm.core.offload;

/** What was counted along one edge. Guarded by the lock of its queue. */
final class EdgeCounts {

  long submitted;
  long joined;
  long undrained;
  long stalled;
  private long copied;
  private long copiedByteSize;
  private long present;
  private long gone;
  private long notAdmitted;
  private long queueFull;
  private long noRoom;
  private long failed;
  private long cancelled;

  void count(OffloadResult result) {
    switch (result) {
      case OffloadResult.Copied(long byteSize) -> {
        copied++;
        copiedByteSize += byteSize;
      }
      case OffloadResult.Present _ -> present++;
      case OffloadResult.Skipped(OffloadResult.Reason reason) -> countSkipped(reason);
      case OffloadResult.Failed _ -> failed++;
      case OffloadResult.Cancelled _ -> cancelled++;
    }
  }

  private void countSkipped(OffloadResult.Reason reason) {
    switch (reason) {
      case GONE -> gone++;
      case NOT_ADMITTED -> notAdmitted++;
      case QUEUE_FULL -> queueFull++;
      case NO_ROOM -> noRoom++;
    }
  }

  OffloadStatistics snapshot(long queued, long inFlight, long bytesInFlight, long oldestNanos) {
    return new OffloadStatistics(
        submitted,
        joined,
        queued,
        inFlight,
        bytesInFlight,
        oldestNanos,
        copied,
        copiedByteSize,
        present,
        gone,
        notAdmitted,
        queueFull,
        noRoom,
        failed,
        cancelled,
        undrained,
        stalled);
  }
}
