package io.kvbm.backend.remote.directory.etcd;

import static io.kvbm.backend.remote.directory.Notes.await;
import static io.kvbm.backend.remote.directory.Notes.member;
import static io.kvbm.backend.remote.directory.etcd.EtcdFixture.held;
import static io.kvbm.backend.remote.directory.etcd.EtcdFixture.keys;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.directory.Notes;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** With an etcd that stays up. */
class EtcdDirectoryTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir static Path folder;
  private static EtcdServer etcd;
  private EtcdFixture fixture;

  @BeforeAll
  static void start() throws Exception {
    etcd = EtcdServer.start(folder);
  }

  @AfterAll
  static void stop() throws Exception {
    if (etcd != null) {
      etcd.close();
    }
  }

  @BeforeEach
  void open(TestInfo test) {
    fixture = new EtcdFixture(etcd.endpoint(), test.getTestMethod().orElseThrow().getName());
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void whatOnePublishesTheOthersFindAlsoThoseThatComeLater() throws Exception {
    Notes notes = new Notes();
    BlockDirectory a = fixture.join(member("a", 1), notes);
    BlockDirectory b = fixture.join(member("b", 2), DirectoryListener.NONE);
    assertThat(a.isConnected()).isTrue();
    b.publish(keys(0, 100), List.of());
    assertThat(b.flush(LONG)).isTrue();
    await("100 at a", () -> held(a, keys(0, 200)) == 100);
    BlockDirectory c = fixture.join(member("c", 3), DirectoryListener.NONE);
    assertThat(held(c, keys(0, 200))).as("read at the start").isEqualTo(100);
    assertThat(held(b, keys(0, 200))).as("not itself").isZero();
    b.publish(List.of(), keys(50, 100));
    await("50 at a", () -> held(a, keys(0, 200)) == 50);
    await("50 at c", () -> held(c, keys(0, 200)) == 50);
    b.clear();
    await("none at c", () -> held(c, keys(0, 200)) == 0);
    b.close();
    await("b left", () -> notes.lines().contains("-b/2"));
    assertThat(notes.lines()).containsExactly("found", "+b/2", "+c/3", "-b/2");
  }

  @Test
  void manyChangesGoInFewBatchesAndWhatComesAndGoesCostsNothing() {
    BlockDirectory a =
        fixture.join(
            member("a", 1),
            DirectoryListener.NONE,
            fixture.config().with("directoryBatchDelay", "2s"));
    for (int i = 0; i < 1000; i++) {
      a.publish(keys(i, i + 1), List.of());
      a.publish(List.of(), keys(i, i + 1));
    }
    assertThat(a.flush(LONG)).isTrue();
    assertThat(a.statistics().batches()).isZero();
    for (int i = 0; i < 1000; i++) {
      a.publish(keys(i, i + 1), List.of());
    }
    assertThat(a.flush(LONG)).isTrue();
    assertThat(a.statistics().batches()).isEqualTo(1);
  }

  @Test
  void aHundredThousandBlocksArriveInPieces() throws Exception {
    BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE);
    BlockDirectory b = fixture.join(member("b", 1), DirectoryListener.NONE);
    List<BlockKey> all = keys(0, 100_000);
    a.publish(all, List.of());
    assertThat(a.flush(LONG)).isTrue();
    await("all at b", () -> held(b, all) == all.size());
    assertThat(held(fixture.join(member("c", 1), DirectoryListener.NONE), all))
        .isEqualTo(all.size());
  }

  @Test
  void aLongLogIsWrittenAnewAndSaysTheSame() throws Exception {
    BackendConfig small = fixture.config().with("etcdSegment", "4KiB");
    BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE, small);
    BlockDirectory b = fixture.join(member("b", 1), DirectoryListener.NONE);
    a.publish(keys(0, 1000), List.of());
    for (int i = 0; i < 150; i++) {
      a.publish(keys(1000 + i, 1001 + i), keys(999 - i, 1000 - i));
      assertThat(a.flush(LONG)).isTrue();
    }
    await("the same at b", () -> b.statistics().blocks() == 1000);
    BlockDirectory c = fixture.join(member("c", 1), DirectoryListener.NONE);
    assertThat(c.statistics().blocks()).isEqualTo(1000);
    assertThat(held(c, keys(0, 2000))).isEqualTo(850);
    assertThat(held(c, keys(1000, 2000))).isEqualTo(150);
    assertThat(segments()).as("records").isLessThan(80);
  }

  @Test
  void aNewRunReplacesTheOldWhichDoesNotComeBack() throws Exception {
    Notes notes = new Notes();
    BlockDirectory w = fixture.join(member("w", 1), notes);
    BlockDirectory old = fixture.join(member("a", 1), DirectoryListener.NONE);
    old.publish(keys(0, 10), List.of());
    await("ten", () -> held(w, keys(0, 10)) == 10);
    BlockDirectory next = fixture.join(member("a", 2), DirectoryListener.NONE);
    next.publish(keys(0, 5), List.of());
    await("five", () -> held(w, keys(0, 10)) == 5);
    old.publish(keys(5, 20), List.of());
    old.close();
    next.publish(keys(5, 6), List.of());
    await("six", () -> held(w, keys(0, 10)) == 6);
    assertThat(notes.lines()).containsExactly("found", "+a/1", "-a/1", "+a/2");
    assertThat(w.members()).containsExactly(member("a", 2));
  }

  @Test
  void moreMembersAndBlocksThanAreToBeKeptAreLeftOutAndCounted() throws Exception {
    BlockDirectory small =
        fixture.join(
            member("small", 1),
            DirectoryListener.NONE,
            fixture.config().with("directoryMembers", "3").with("directoryBlocks", "100"));
    BlockDirectory whole = fixture.join(member("whole", 1), DirectoryListener.NONE);
    BlockDirectory b = fixture.join(member("b", 1), DirectoryListener.NONE);
    BlockDirectory c = fixture.join(member("c", 1), DirectoryListener.NONE);
    BlockDirectory d = fixture.join(member("d", 1), DirectoryListener.NONE);
    await("all", () -> whole.members().size() == 4);
    b.publish(keys(0, 90), List.of());
    await("ninety", () -> held(small, keys(0, 90)) == 90);
    c.publish(keys(200, 400), List.of());
    d.publish(keys(500, 600), List.of());
    await("the limit", () -> small.statistics().dropped() > 0);
    await("everything elsewhere", () -> whole.statistics().blocks() == 390);
    assertThat(small.members()).hasSize(3);
    assertThat(small.statistics().blocks()).isEqualTo(100);
    assertThat(held(small, keys(0, 90))).as("what was there stays").isEqualTo(90);
    assertThat(small.holders(7, keys(500, 600), 0)).as("of a member left out").isEmpty();
    b.publish(List.of(), keys(0, 90));
    await("room again", () -> small.statistics().blocks() == 10);
    b.publish(keys(0, 50), List.of());
    await("fifty", () -> held(small, keys(0, 50)) == 50);
  }

  @Test
  void malformedRecordsOfOthersDoNoHarm() throws Exception {
    String ns = fixture.config().values().get("directoryNamespace");
    assertThat(etcd.ctl("put", ns + "/members/evil", "kvbm-member 1\ngeneration=zz")).isTrue();
    assertThat(etcd.ctl("put", ns + "/members/ev il", "x")).isTrue();
    BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE);
    BlockDirectory b = fixture.join(member("b", 1), DirectoryListener.NONE);
    String blocks = ns + "/blocks/b/%016x/".formatted(1);
    assertThat(etcd.ctl("put", blocks + "00000000000000ff", "damaged")).isTrue();
    assertThat(etcd.ctl("put", blocks + "what", "damaged")).isTrue();
    assertThat(etcd.ctl("put", ns + "/members/evil2", "kvbm-member 1\nlease=99999999")).isTrue();
    b.publish(keys(0, 10), List.of());
    await("ten", () -> held(a, keys(0, 10)) == 10);
    assertThat(a.members()).containsExactly(member("b", 1));
    assertThat(held(fixture.join(member("c", 1), DirectoryListener.NONE), keys(0, 10)))
        .isEqualTo(10);
  }

  @Test
  void aForeignContextClassLoaderDoesNotMatter() throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader foreign = new URLClassLoader(new URL[0], null)) {
      thread.setContextClassLoader(foreign);
      assertThat(fixture.join(member("a", 1), DirectoryListener.NONE).isConnected()).isTrue();
      assertThat(thread.getContextClassLoader()).isSameAs(foreign);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void theTimeOfDayDoesNotMatter() throws Exception {
    BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE);
    BlockDirectory b = fixture.join(member("b", 1), DirectoryListener.NONE);
    fixture.context().manualClock().jump(Duration.ofHours(-30));
    b.publish(keys(0, 10), List.of());
    await("ten", () -> held(a, keys(0, 10)) == 10);
    fixture.context().manualClock().jump(Duration.ofHours(90));
    b.publish(keys(10, 20), List.of());
    await("twenty", () -> held(a, keys(0, 20)) == 20);
    assertThat(a.statistics().lostLeases()).isZero();
  }

  /** The client refused every call with that, and the directory waited for ever. */
  @Test
  void theShortestTimeoutsWork() throws Exception {
    BackendConfig hasty = fixture.config().with("etcdTimeout", "200ms");
    BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE, hasty);
    await("connected", a::isConnected);
    BlockDirectory b =
        fixture.join(
            member("b", 1), DirectoryListener.NONE, fixture.config().with("etcdTimeout", "50ms"));
    b.publish(keys(0, 10), List.of());
    await("ten", () -> held(a, keys(0, 10)) == 10);
  }

  @Test
  void whatIsMissingOrWrongInTheSettingsIsSaid() {
    assertThatThrownBy(
            () -> fixture.join(member("a", 1), DirectoryListener.NONE, BackendConfig.empty()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("etcdEndpoints");
    assertThatThrownBy(
            () ->
                fixture.join(
                    member("a", 1),
                    DirectoryListener.NONE,
                    fixture.config().with("etcdUser", "root")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("etcdPassword");
  }

  private static long segments() throws Exception {
    Process call =
        new ProcessBuilder(
                "/usr/bin/etcdctl",
                "--endpoints",
                etcd.endpoint(),
                "get",
                "/test/aLongLogIsWrittenAnewAndSaysTheSame/blocks/",
                "--prefix",
                "--keys-only")
            .start();
    return new String(call.getInputStream().readAllBytes())
        .lines()
        .filter(line -> !line.isBlank())
        .count();
  }
}
