package io.kvbm.backend.remote;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.contract.RemoteAgentContract;

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
