package io.kvbm.backend.remote.directory.etcd;

import static io.kvbm.backend.remote.directory.Notes.await;
import static io.kvbm.backend.remote.directory.Notes.member;
import static io.kvbm.backend.remote.directory.etcd.EtcdFixture.held;
import static io.kvbm.backend.remote.directory.etcd.EtcdFixture.keys;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.TestCertificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real etcd that speaks TLS and wants certificates of its clients. */
@Timeout(120)
@SuppressWarnings("try") // waits for the process
class EtcdTlsTest {

  @TempDir Path folder;
  private Path own;
  private Path other;
  private EtcdServer etcd;
  private EtcdFixture fixture;

  @BeforeEach
  void start() throws Exception {
    own = folder.resolve("own");
    other = folder.resolve("other");
    new TestCertificates(own).signLoopback("server").sign("member");
    new TestCertificates(other).sign("member");
    etcd = EtcdServer.start(Files.createDirectory(folder.resolve("data")), own);
    fixture = new EtcdFixture(etcd.endpoint(), "tls");
  }

  @AfterEach
  void stop() throws Exception {
    if (fixture != null) {
      fixture.close();
      etcd.close();
    }
  }

  private BackendConfig with(Path authority, Path keys) {
    BackendConfig config =
        fixture.config().with("etcdCa", authority.resolve("authority.pem").toString());
    return keys == null
        ? config
        : config
            .with("etcdCertificate", keys.resolve("member.pem").toString())
            .with("etcdKey", keys.resolve("member.key").toString());
  }

  @Test
  void membersWithCertificatesMeetOverTls() throws Exception {
    BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE, with(own, own));
    assertThat(a.isConnected()).isTrue();
    BlockDirectory b =
        fixture.join(
            member("b", 1),
            DirectoryListener.NONE,
            with(own, own)
                .with("etcdEndpoints", etcd.endpoint().replace("127.0.0.1", "localhost")));
    a.publish(keys(0, 50), List.of());
    assertThat(a.flush(Duration.ofSeconds(20))).isTrue();
    await("fifty", () -> held(b, keys(0, 50)) == 50);
    etcd.kill();
    await("lost", () -> !b.isConnected());
    etcd.start();
    a.publish(keys(50, 60), List.of());
    await("sixty after a restart", () -> held(b, keys(0, 60)) == 60);
  }

  @Test
  void aMemberWithoutTheRightCertificateIsNotLetIn() {
    for (BackendConfig wrong : List.of(with(own, null), with(own, other))) {
      try (BlockDirectory a = fixture.join(member("a", 1), DirectoryListener.NONE, wrong)) {
        assertThat(a.isConnected()).isFalse();
      }
    }
  }

  @Test
  void anEtcdOfAnotherAuthorityIsNotTrusted() {
    try (BlockDirectory a =
        fixture.join(member("a", 1), DirectoryListener.NONE, with(other, own))) {
      assertThat(a.isConnected()).isFalse();
    }
  }

  @Test
  void anEtcdOfAnotherNameIsNotTrusted() throws Exception {
    Path named = folder.resolve("named");
    new TestCertificates(named).sign("server").sign("member"); // for a host called "server"
    try (EtcdServer elsewhere =
            EtcdServer.startUnasked(Files.createDirectory(folder.resolve("data2")), named);
        BlockDirectory a =
            fixture.join(
                member("a", 1),
                DirectoryListener.NONE,
                with(named, named).with("etcdEndpoints", elsewhere.endpoint()))) {
      assertThat(a.isConnected()).isFalse();
    }
  }
}
