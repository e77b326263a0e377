package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.testkit.TestContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which transports an agent opens. The device that is named does not exist, on any machine. */
@Timeout(60)
class TransportSettingTest {

  private static final BackendConfig ABSENT = BackendConfig.of("ucxDevices", "no_such_device");

  @Test
  void aTransportThatIsDemandedAndCannotBeHadFailsTheAgent() {
    try (TestContext context = new TestContext();
        Backend backend =
            new RemoteBackendProvider().open(context, ABSENT.with("transport", "ucx"))) {
      for (int i = 0; i < 2; i++) { // the name is free again
        assertThatThrownBy(() -> backend.agents().getFirst().open("demanding"))
            .isInstanceOfSatisfying(
                KvbmException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE));
      }
    }
  }

  @Test
  void automaticAndTcpDoWithoutIt() {
    for (String transport : new String[] {"auto", "tcp"}) {
      BackendConfig config = ABSENT.with("transport", transport);
      try (TwoAgents two = new TwoAgents(config, config)) {
        assertThat(two.connect().transport()).isEqualTo("tcp");
      }
    }
  }

  @Test
  void mistakesInUcxSettingsAreNamed() {
    try (TestContext context = new TestContext()) {
      assertThatThrownBy(
              () ->
                  new RemoteBackendProvider().open(context, BackendConfig.of("ucxTls", "tcp,shm")))
          .isInstanceOfSatisfying(
              KvbmException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
          .hasMessageContaining("shm");
    }
  }
}
