package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.TestContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may connect, and who is turned away. */
@Timeout(60)
@SuppressWarnings("try") // what is closed when is what is tested
class AgentAuthenticationTest {

  private static final String SECRET = "a-secret-of-32-bytes-0123456789a";

  @TempDir private Path directory;

  private static BackendConfig token(String text) {
    return text == null ? BackendConfig.empty() : BackendConfig.of("token", text);
  }

  private static void assertRefused(ErrorCode code, Runnable call) {
    assertThatThrownBy(call::run)
        .satisfies(e -> assertThat(((KvbmException) e).code()).isEqualTo(code))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain(SECRET));
  }

  @Test
  void whoKnowsTheTokenMayConnect() {
    try (TwoAgents two = new TwoAgents(token(SECRET), token(SECRET))) {
      assertThat(two.connect().ping(TwoAgents.SOON)).isPositive();
      assertThat(two.near.peers()).hasSize(1);
      assertThat(two.connect()).isSameAs(two.near.peers().getFirst());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a-secret-of-32-bytes-0123456789a, another-secret-of-29-bytes-00",
    "a-secret-of-32-bytes-0123456789a,",
    ", a-secret-of-32-bytes-0123456789a"
  })
  void whoDoesNotIsTurnedAway(String far, String near) {
    try (TwoAgents two = new TwoAgents(token(far), token(near))) {
      assertRefused(ErrorCode.NOT_ALLOWED, two::connect);
      assertThat(two.near.peers()).isEmpty();
      TwoAgents.await(() -> two.far.statistics().connections() == 0);
    }
  }

  @Test
  void anotherGenerationOrNameIsDisconnected() {
    try (TwoAgents two = new TwoAgents(token(SECRET), token(SECRET))) {
      AgentDescriptor real = two.far.descriptor();
      assertRefused(
          ErrorCode.DISCONNECTED,
          () ->
              two.connect(
                  new AgentDescriptor(real.name(), real.generation() + 2, real.endpoints())));
      assertRefused(
          ErrorCode.DISCONNECTED,
          () -> two.connect(new AgentDescriptor("somebody", real.generation(), real.endpoints())));
      assertThat(two.connect().isConnected()).isTrue();
    }
  }

  @Test
  void beyondLoopbackNeedsCredentials() {
    assertRefused(
        ErrorCode.INVALID_CONFIG,
        () ->
            new RemoteBackendProvider()
                .open(new TestContext(), BackendConfig.of("bind", "0.0.0.0")));
    assertRefused(
        ErrorCode.INVALID_CONFIG,
        () -> new RemoteBackendProvider().open(new TestContext(), token("short")));
  }

  @Test
  void secretsAreShownNowhere() throws Exception {
    Path file = Files.writeString(directory.resolve("token"), SECRET + "\n");
    BackendConfig config = BackendConfig.of("tokenFile", file.toString());
    AgentSettings settings = AgentSettings.of(config);
    assertThat(settings.token()).asString().isNotEmpty();
    assertThat(settings.toString()).doesNotContain(SECRET).contains("token");
    assertThat(((Availability.Available) new RemoteBackendProvider().probe(config)).details())
        .doesNotContain(SECRET);
    try (TwoAgents two = new TwoAgents(config, token(SECRET));
        HostStorage there = new HostStorage(64)) {
      assertThat(two.connect().toString() + two.far + two.export(there)).doesNotContain(SECRET);
    }
  }

  @Test
  void aNameIsOpenOnceInAProcess() {
    try (TwoAgents two = new TwoAgents()) {
      String name = two.far.name();
      assertRefused(
          ErrorCode.INVALID_ARGUMENT, () -> two.nearBackend.agents().getFirst().open(name));
      long generation = two.far.descriptor().generation();
      two.far.close();
      try (RemoteAgent again = two.farBackend.agents().getFirst().open(name)) {
        assertThat(again.descriptor().generation()).isNotEqualTo(generation);
      }
    }
  }

  @Test
  void certificatesNameTheAgentsAndOthersAreTurnedAway() throws Exception {
    Path own = directory.resolve("own");
    Path other = directory.resolve("other");
    new TestCertificates(own).sign("tls-far").sign("tls-near");
    new TestCertificates(other);
    try (TestContext context = new TestContext();
        Backend far = open(context, own, "tls-far");
        Backend near = open(context, own, "tls-near");
        Backend lying = open(context, own, "tls-far");
        Backend foreign = open(context, other, "authority");
        Backend bare = new RemoteBackendProvider().open(context, BackendConfig.empty());
        RemoteAgent farAgent = far.agents().getFirst().open("tls-far");
        RemoteAgent nearAgent = near.agents().getFirst().open("tls-near")) {
      assertThat(nearAgent.connect(farAgent.descriptor(), TwoAgents.SOON).ping(TwoAgents.SOON))
          .isPositive();
      nearAgent.close();
      for (Backend wrong : List.of(lying, foreign)) {
        try (RemoteAgent agent = wrong.agents().getFirst().open("tls-near")) {
          assertRefused(
              ErrorCode.NOT_ALLOWED, () -> agent.connect(farAgent.descriptor(), TwoAgents.SOON));
        }
      }
      try (RemoteAgent agent = bare.agents().getFirst().open("bare")) {
        assertRefused(
            ErrorCode.DISCONNECTED, () -> agent.connect(farAgent.descriptor(), TwoAgents.SOON));
      }
    }
  }

  private static Backend open(TestContext context, Path keys, String name) {
    return new RemoteBackendProvider()
        .open(
            context,
            BackendConfig.of("tlsCertificate", keys.resolve(name + ".pem").toString())
                .with("tlsKey", keys.resolve(name + ".key").toString())
                .with("tlsAuthority", keys.resolve("authority.pem").toString()));
  }
}
