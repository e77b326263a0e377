package io.kvbm.backend.remote.directory.etcd;

import static io.kvbm.backend.remote.directory.Notes.await;
import static io.kvbm.backend.remote.directory.Notes.member;
import static io.kvbm.backend.remote.directory.etcd.EtcdFixture.held;
import static io.kvbm.backend.remote.directory.etcd.EtcdFixture.keys;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.directory.DirectoryLimits;
import io.kvbm.backend.remote.directory.Notes;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With an etcd that goes away, and members that do. */
class EtcdFaultsTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path folder;
  @TempDir Path other;
  private EtcdServer etcd;
  private EtcdFixture fixture;

  @BeforeEach
  void start() throws Exception {
    etcd = EtcdServer.start(folder);
    fixture = new EtcdFixture(etcd.endpoint(), "faults");
  }

  @AfterEach
  void stop() throws Exception {
    if (fixture != null) {
      fixture.close();
      etcd.close();
    }
  }

  private BackendConfig through(CutLine line) {
    return fixture.config().with("etcdEndpoints", line.endpoint());
  }

  @Test
  void aRestartWithItsDataChangesNothing() throws Exception {
    Notes notes = new Notes();
    BlockDirectory a = fixture.join(member("a", 1), notes);
    BlockDirectory b = fixture.join(member("b", 1), DirectoryListener.NONE);
    b.publish(keys(0, 10), List.of());
    await("ten", () -> held(a, keys(0, 10)) == 10);
    etcd.kill();
    await("lost", () -> notes.lines().contains("lost"));
    b.publish(keys(10, 20), List.of());
    assertThat(b.flush(Duration.ofMillis(50))).isFalse();
    assertThat(held(a, keys(0, 20))).as("what is known is kept").isEqualTo(10);
    etcd.start();
    await("twenty", () -> held(a, keys(0, 20)) == 20);
    await("found", () -> notes.lines().getLast().equals("found"));
    assertThat(notes.lines()).containsExactly("found", "+b/1", "lost", "found");
  }

  @Test
  void anEtcdThatLostEverythingIsFilledAgain() throws Exception {
    BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE);
    BlockDirectory b = fixture.join(member("b", 1), DirectoryListener.NONE);
    for (int i = 0; i < 10; i++) {
      b.publish(keys(i, i + 1), List.of());
      assertThat(b.flush(LONG)).isTrue();
    }
    etcd.kill();
    etcd.startEmpty(other);
    await("both anew", () -> a.statistics().lostLeases() + b.statistics().lostLeases() == 2);
    await("ten", () -> held(a, keys(0, 10)) == 10);
    b.publish(keys(10, 12), List.of());
    await("twelve", () -> held(a, keys(0, 12)) == 12);
    assertThat(held(fixture.join(member("c", 1), DirectoryListener.NONE), keys(0, 12)))
        .isEqualTo(12);
  }

  @Test
  void whoeverMissedWhatWasCompactedReadsEverythingAnew() throws Exception {
    try (CutLine line = new CutLine(etcd.port())) {
      BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE, through(line));
      BlockDirectory b = fixture.join(member("b", 1), DirectoryListener.NONE);
      b.publish(keys(0, 10), List.of());
      await("ten", () -> held(a, keys(0, 10)) == 10);
      line.cut(true);
      await("cut", () -> !a.isConnected());
      b.publish(keys(10, 20), keys(0, 1));
      assertThat(b.flush(LONG)).isTrue();
      b.publish(keys(20, 30), List.of());
      assertThat(b.flush(LONG)).isTrue();
      long revision = 1;
      while (etcd.ctl("compaction", Long.toString(revision + 1))) {
        revision++;
      }
      assertThat(revision).isGreaterThan(4);
      line.cut(false);
      await("all", () -> held(a, keys(1, 30)) == 29);
      assertThat(held(a, keys(0, 1))).isZero();
      assertThat(a.statistics().resyncs()).isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  void aMemberCutOffIsGoneWithItsLeaseAndComesBackWithEverything() throws Exception {
    try (CutLine line = new CutLine(etcd.port())) {
      Notes notes = new Notes();
      Notes own = new Notes();
      BlockDirectory a = fixture.join(member("a", 1), notes);
      BlockDirectory b = fixture.join(member("b", 1), own, through(line));
      b.publish(keys(0, 10), List.of());
      await("ten", () -> held(a, keys(0, 10)) == 10);
      line.cut(true);
      await("b left", () -> notes.lines().contains("-b/1"));
      assertThat(held(a, keys(0, 10))).isZero();
      assertThat(b.members()).as("b keeps what it knows: its clock stands").hasSize(1);
      fixture.context().manualClock().advance(Duration.ofSeconds(3));
      await("every lease must have ended", () -> b.members().isEmpty());
      b.publish(keys(10, 20), keys(0, 1));
      line.cut(false);
      await("nineteen", () -> held(a, keys(1, 20)) == 19);
      await("b knows a again", () -> b.members().size() == 1);
      assertThat(b.statistics().lostLeases()).isEqualTo(1);
      assertThat(notes.lines()).containsExactly("found", "+b/1", "-b/1", "+b/1");
      await("told", () -> own.lines().size() == 6);
      assertThat(own.lines()).containsExactly("+a/1", "found", "lost", "-a/1", "+a/1", "found");
    }
  }

  @Test
  void aLineThatFallsSilentIsNoticedAndNothingIsLost() throws Exception {
    try (CutLine line = new CutLine(etcd.port())) {
      Notes notes = new Notes();
      BlockDirectory a =
          fixture.join(
              member("a", 1), DirectoryListener.NONE, through(line).with("etcdTimeout", "500ms"));
      BlockDirectory b = fixture.join(member("b", 1), notes);
      b.publish(keys(0, 10), List.of());
      await("ten", () -> held(a, keys(0, 10)) == 10);
      line.silence(true); // no connection breaks: nobody says so
      a.publish(keys(100, 110), List.of());
      await("noticed", () -> !a.isConnected());
      assertThat(a.flush(Duration.ofMillis(100))).isFalse();
      assertThat(held(a, keys(0, 10))).as("what is known is kept").isEqualTo(10);
      b.publish(keys(10, 20), keys(0, 1));
      await("a is gone with its lease", () -> notes.lines().contains("-a/1"));
      line.silence(false);
      await("nineteen", () -> held(a, keys(1, 20)) == 19);
      await("what a had to say", () -> held(b, keys(100, 110)) == 10);
      assertThat(held(a, keys(0, 1))).isZero();
    }
  }

  @Test
  void closingAndJoiningEndThoughTheLineIsSilent() throws Exception {
    try (CutLine line = new CutLine(etcd.port())) {
      BackendConfig config = through(line).with("etcdTimeout", "500ms");
      BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE, config);
      line.silence(true);
      CompletableFuture<BlockDirectory> late =
          CompletableFuture.supplyAsync(
              () -> fixture.join(member("b", 1), DirectoryListener.NONE, config));
      assertThat(late.get(15, TimeUnit.SECONDS).isConnected()).isFalse();
      CompletableFuture.runAsync(a::close).get(15, TimeUnit.SECONDS);
      line.silence(false);
      await("b goes on", late.join()::isConnected);
    }
  }

  @Test
  void aProcessThatIsKilledIsGoneWithItsLease() throws Exception {
    Notes notes = new Notes();
    BlockDirectory a = fixture.join(member("a", 1), notes);
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Joins.class.getName(),
                etcd.endpoint())
            .redirectErrorStream(true)
            .redirectOutput(new File("/dev/null"))
            .start();
    try {
      await("ten", () -> held(a, keys(0, 10)) == 10);
    } finally {
      child.destroyForcibly().waitFor();
    }
    await("gone", () -> notes.lines().contains("-child/9"));
    assertThat(held(a, keys(0, 10))).isZero();
  }

  /** Joins, publishes and never leaves. */
  static final class Joins {
    public static void main(String[] arguments) throws InterruptedException {
      EtcdFixture fixture = new EtcdFixture(arguments[0], "faults");
      fixture.join(member("child", 9), DirectoryListener.NONE).publish(keys(0, 10), List.of());
      Thread.sleep(60_000);
    }
  }

  @Test
  void anEtcdThatIsNotThereYetIsWaitedForInTheBackground() throws Exception {
    fixture.join(member("first", 1), DirectoryListener.NONE).close(); // loads the libraries
    etcd.kill();
    Notes notes = new Notes();
    BlockDirectory a = fixture.join(member("a", 1), notes);
    assertThat(a.isConnected()).isFalse();
    a.publish(keys(0, 10), List.of());
    etcd.start();
    await("connected", a::isConnected);
    BlockDirectory b = fixture.join(member("b", 1), DirectoryListener.NONE);
    await("ten", () -> held(b, keys(0, 10)) == 10);
    assertThat(notes.lines()).startsWith("lost", "found");
  }

  @Test
  void closingEndsThoughEtcdIsGone() throws Exception {
    BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE);
    a.publish(keys(0, 10), List.of());
    etcd.kill();
    CompletableFuture.runAsync(a::close).get(15, TimeUnit.SECONDS);
    assertThat(a.flush(LONG)).isFalse();
  }

  @Test
  void aWrongPasswordIsAnEtcdThatCannotBeUsedAndIsNotShown() throws Exception {
    assertThat(etcd.ctl("user", "add", "root:right")).isTrue();
    assertThat(etcd.ctl("user", "grant-role", "root", "root")).isTrue();
    assertThat(etcd.ctl("auth", "enable")).isTrue();
    Path file = Files.writeString(other.resolve("password"), "wrong-secret\n");
    BackendConfig config =
        fixture.config().with("etcdUser", "root").with("etcdPasswordFile", file.toString());
    BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE, config);
    assertThat(a.isConnected()).isFalse();
    assertThat(EtcdSettings.of(config.with("etcdEndpoints", etcd.endpoint()), LIMITS).toString())
        .doesNotContain("secret");
    Files.writeString(file, "right\n");
    await("the file was read again", a::isConnected);
  }

  private static final DirectoryLimits LIMITS = new DirectoryLimits(1, 1, 1);

  @Test
  void openingAndClosingLeavesNoThreadsAndNoFiles() throws Exception {
    cycle(1); // what is loaded once
    long files = files();
    Map<Thread, StackTraceElement[]> before = Thread.getAllStackTraces();
    cycle(10);
    await(
        "threads ended",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> !before.containsKey(thread))
                    .filter(thread -> !thread.getName().startsWith("kvbm-test-"))
                    .filter(thread -> !thread.getName().startsWith("ForkJoinPool"))
                    .count()
                <= 2);
    await("files closed", () -> files() <= files + 4);
  }

  private void cycle(int times) {
    for (int i = 0; i < times; i++) {
      try (BlockDirectory a = fixture.join(member("a", i), DirectoryListener.NONE)) {
        a.publish(keys(0, 10), List.of());
        assertThat(a.flush(LONG)).isTrue();
      }
    }
  }

  private static long files() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    } catch (java.io.IOException e) {
      return 0;
    }
  }
}
