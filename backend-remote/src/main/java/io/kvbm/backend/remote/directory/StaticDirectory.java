package io.kvbm.backend.remote.directory;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.DirectoryStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Members from a file, which is looked at now and then. Nobody knows what they have: they have to
 * be asked. A file that turns wrong is reported, and what was known stays.
 */
final class StaticDirectory implements BlockDirectory {

  private final DirectoryMember self;
  private final Path file;
  private final int maxMembers;
  private final Notices notices;
  private final System.Logger logger;
  private final ScheduledThreadPoolExecutor timer;
  private volatile List<MembersFile.Line> lines = List.of();
  private volatile boolean readable = true;
  private volatile boolean closed;
  private final AtomicLong failures = new AtomicLong();
  private final AtomicLong resyncs = new AtomicLong();
  private String seen = ""; // the timer's

  StaticDirectory(
      DirectoryMember self,
      Path file,
      Duration interval,
      int maxMembers,
      Notices notices,
      System.Logger logger) {
    this.self = self;
    this.file = file;
    this.maxMembers = maxMembers;
    this.notices = notices;
    this.logger = logger;
    seen = state(); // before the file is read: a change in between is seen next time
    take(MembersFile.read(file, maxMembers));
    timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("kvbm-directory-file").factory());
    var _ =
        timer.scheduleWithFixedDelay(
            this::check, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void check() {
    String now = state();
    if (now.equals(seen)) {
      return;
    }
    seen = now;
    try {
      take(MembersFile.read(file, maxMembers));
      tell(true);
    } catch (ConfigurationException e) {
      failures.incrementAndGet();
      tell(false);
      logger.log(System.Logger.Level.WARNING, "the former members are kept: {0}", e.getMessage());
    }
  }

  private void tell(boolean now) {
    if (readable != now) {
      readable = now;
      notices.connection(now);
    }
  }

  private void take(List<MembersFile.Line> next) {
    List<MembersFile.Line> others =
        next.stream()
            .filter(line -> !line.member().agent().name().equals(self.agent().name()))
            .toList();
    List<MembersFile.Line> before = lines;
    lines = others;
    resyncs.incrementAndGet();
    before.stream().filter(l -> !others.contains(l)).forEach(l -> notices.left(l.member()));
    others.stream().filter(l -> !before.contains(l)).forEach(l -> notices.joined(l.member()));
  }

  // Time, size and inode: a file that is replaced by another is a change, too.
  private String state() {
    try {
      FileTime time = Files.getLastModifiedTime(file);
      return time + " " + Files.size(file) + " " + Files.readAttributes(file, "*").get("fileKey");
    } catch (IOException e) {
      return "unreadable";
    }
  }

  @Override
  public void publish(List<BlockKey> added, List<BlockKey> removed) {
    // Others ask this member.
  }

  @Override
  public void clear() {
    // Others ask this member.
  }

  @Override
  public List<Holder> holders(long fingerprint, List<BlockKey> keys, int from) {
    return closed || from >= keys.size()
        ? List.of()
        : lines.stream()
            .filter(l -> l.anyFingerprint() || l.member().fingerprint() == fingerprint)
            .map(l -> new DirectoryMember(l.member().agent(), l.member().workerId(), fingerprint))
            .map(member -> new Holder(member, 0))
            .toList();
  }

  @Override
  public List<DirectoryMember> members() {
    return closed ? List.of() : lines.stream().map(MembersFile.Line::member).toList();
  }

  @Override
  public boolean isConnected() {
    return readable && !closed;
  }

  @Override
  public boolean flush(Duration timeout) {
    return !closed;
  }

  @Override
  public DirectoryStatistics statistics() {
    return new DirectoryStatistics(members().size(), 0, 0, 0, failures.get(), resyncs.get(), 0, 0);
  }

  @Override
  public void close() {
    closed = true;
    notices.close();
    timer.shutdownNow();
  }
}
