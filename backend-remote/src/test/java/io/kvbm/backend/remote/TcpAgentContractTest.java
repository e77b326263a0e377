package io.kvbm.backend.remote;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.contract.RemoteAgentContract;

class TcpAgentContractTest extends RemoteAgentContract {

  @Override
  protected Backend open(TestContext from) {
    return new RemoteBackendProvider().open(from, BackendConfig.of("offer", "4MiB"));
  }

  @Override
  protected long offeredBytes() {
    return 4 << 20;
  }

  @Override
  protected String transportName() {
    return "tcp";
  }
}
