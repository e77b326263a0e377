package io.kvbm.backend.disk;

import io.kvbm.api.store.CompactionReport;
import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.backend.disk.media.MediaDescription;
import io.kvbm.backend.disk.media.MediaDetector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a store counts and finds, in the words that all stores share. */
final class StoreMaintenance {

  private static final int PAGE = 1000;

  private final NvmeStore store;

  StoreMaintenance(NvmeStore store) {
    this.store = store;
  }

  io.kvbm.api.store.StoreStatistics statistics() {
    StoreStatistics stats = store.stats();
    long fileByteSize = fileByteSize();
    MediaDescription medium = MediaDetector.ofMachine().detect(store.directory());
    return new io.kvbm.api.store.StoreStatistics(
        stats.keys(),
        valueByteSize(),
        stats.liveByteSize(),
        fileByteSize,
        Math.max(0, fileByteSize - stats.liveByteSize()),
        durability(medium),
        counters(stats),
        details(medium));
  }

  private long valueByteSize() {
    long sum = 0;
    String after = "";
    while (true) {
      List<ObjectStat> page = store.list("", after, PAGE);
      for (ObjectStat stat : page) {
        sum += stat.byteSize();
      }
      if (page.size() < PAGE) {
        return sum;
      }
      after = page.getLast().key();
    }
  }

  private long fileByteSize() {
    if (!Files.isDirectory(store.directory())) {
      return store.stats().logByteSize(); // The disk is not this machine's.
    }
    try (Stream<Path> files = Files.walk(store.directory())) {
      return files.filter(Files::isRegularFile).mapToLong(StoreMaintenance::byteSize).sum();
    } catch (IOException | UncheckedIOException e) {
      return store.stats().logByteSize(); // A folder went away meanwhile.
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

  private static Map<String, Long> counters(StoreStatistics stats) {
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
    counters.put("movedByteSize", stats.movedBytes());
    counters.put("prefetchUsedByteSize", stats.prefetchUsedBytes());
    counters.put("prefetchWastedByteSize", stats.prefetchWastedBytes());
    return counters;
  }

  private Map<String, String> details(MediaDescription medium) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("engine", store.engine());
    details.put("medium", medium.detected().map(Enum::name).orElse("unknown"));
    details.put("device", medium.device());
    return details;
  }

  io.kvbm.api.store.VerifyReport verify(Progress progress) {
    long start = System.nanoTime();
    long byteSize = store.stats().liveByteSize();
    progress.at(0, byteSize);
    VerifyReport found = store.verify();
    progress.at(byteSize, byteSize);
    return new io.kvbm.api.store.VerifyReport(
        found.checked(),
        byteSize,
        found.damages().stream()
            .map(
                damage -> new io.kvbm.api.store.VerifyReport.Damage(damage.key(), damage.problem()))
            .toList(),
        System.nanoTime() - start);
  }

  CompactionReport compact(Progress progress) {
    long start = System.nanoTime();
    long before = fileByteSize();
    long moved = store.stats().movedBytes();
    progress.at(0, before);
    store.compact();
    progress.at(before, before);
    return new CompactionReport(
        before, fileByteSize(), store.stats().movedBytes() - moved, System.nanoTime() - start);
  }
}
