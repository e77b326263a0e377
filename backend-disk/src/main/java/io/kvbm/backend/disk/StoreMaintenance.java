package io.kvbm.backend.disk;

import io.kvbm.api.store.CompactionReport;
import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.StoreStatistics;
import io.kvbm.api.store.VerifyReport;
import io.kvbm.backend.disk.media.MediaDescription;
import io.kvbm.backend.disk.media.MediaDetector;
import io.kvbm.backend.disk.object.LogObjectStore;
import io.kvbm.backend.disk.object.StoreSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a store counts and finds, in the words that all stores share. */
final class StoreMaintenance {

  private final LogObjectStore store;
  private final String engine;

  StoreMaintenance(LogObjectStore store, String engine) {
    this.store = store;
    this.engine = engine;
  }

  StoreStatistics statistics() {
    StoreSnapshot stats = store.statistics();
    long fileByteSize = fileByteSize();
    MediaDescription medium = MediaDetector.ofMachine().detect(store.directory());
    return new StoreStatistics(
        stats.keys(),
        stats.valueByteSize(),
        stats.liveByteSize(),
        fileByteSize,
        Math.max(0, fileByteSize - stats.liveByteSize()),
        durability(medium),
        counters(stats),
        details(medium));
  }

  private long fileByteSize() {
    if (!Files.isDirectory(store.directory())) {
      return store.statistics().logByteSize(); // The disk is not this machine's.
    }
    try (Stream<Path> files = Files.walk(store.directory())) {
      return files.filter(Files::isRegularFile).mapToLong(StoreMaintenance::byteSize).sum();
    } catch (IOException | UncheckedIOException e) {
      return store.statistics().logByteSize(); // A folder went away meanwhile.
    }
  }

  private static long byteSize(Path file) {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0; // Compaction gave it back meanwhile.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private DurabilityClaim durability(MediaDescription medium) {
    return Files.isDirectory(store.directory())
        ? medium.durability()
        : new DurabilityClaim(
            DurabilityClaim.Survives.POWER_CUT, "as far as the disk that was lent keeps its word");
  }

  private static Map<String, Long> counters(StoreSnapshot stats) {
    Map<String, Long> counters = new LinkedHashMap<>();
    counters.put("segments", stats.segments());
    counters.put("puts", stats.puts());
    counters.put("gets", stats.gets());
    counters.put("deletes", stats.deletes());
    counters.put("commits", stats.commits());
    counters.put("groups", stats.groups());
    counters.put("syncs", stats.syncs());
    counters.put("writtenByteSize", stats.writtenBytes());
    counters.put("cacheHits", stats.cacheHits());
    counters.put("cacheMisses", stats.cacheMisses());
    counters.put("cacheByteSize", stats.cacheByteSize());
    counters.put("compactedSegments", stats.compactedSegments());
    counters.put("compactionFailures", stats.compactionFailures());
    counters.put("movedByteSize", stats.movedBytes());
    counters.put("checkpoints", stats.checkpoints());
    counters.put("ignoredCheckpoints", stats.ignoredCheckpoints());
    counters.put("prefetchUsedByteSize", stats.prefetchUsedBytes());
    counters.put("prefetchWastedByteSize", stats.prefetchWastedBytes());
    return counters;
  }

  private Map<String, String> details(MediaDescription medium) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("engine", engine);
    details.put("medium", medium.detected().map(Enum::name).orElse("unknown"));
    details.put("device", medium.device());
    return details;
  }

  VerifyReport verify(Progress progress) {
    long start = System.nanoTime();
    List<VerifyReport.Damage> damaged = new ArrayList<>();
    long[] byteSize = {0};
    long checked =
        store.verify(
            (done, total) -> {
              byteSize[0] = done;
              progress.at(done, total);
            },
            (key, failure) -> damaged.add(new VerifyReport.Damage(key, failure.getMessage())));
    return new VerifyReport(checked, byteSize[0], damaged, System.nanoTime() - start);
  }

  CompactionReport compact(Progress progress) {
    long start = System.nanoTime();
    long before = fileByteSize();
    long moved = store.statistics().movedBytes();
    store.compact(progress);
    return new CompactionReport(
        before, fileByteSize(), store.statistics().movedBytes() - moved, System.nanoTime() - start);
  }
}
