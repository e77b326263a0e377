package io.kvbm.backend.remote;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.contract.RemoteAgentContract;
import org.junit.jupiter.api.Tag;

// libucp 1.13 has aborted the process on a busy machine: see docs/ucx.md.
@Tag("slow")
class UcxAgentContractTest extends RemoteAgentContract {

  @Override
  protected Backend open(TestContext from) {
    UcxAgents.require();
    BackendConfig config = UcxAgents.CONFIG.with("offer", "4MiB").with("ucxTrustPeers", "true");
    return new RemoteBackendProvider().open(from, config);
  }

  @Override
  protected long offeredBytes() {
    return 4 << 20;
  }

  @Override
  protected String transportName() {
    return "ucx";
  }
}
