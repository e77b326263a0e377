package io.kvbm.backend.remote.tcp;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteRegistration;

/** A storage's registration with an agent: its release waits for peers. */
final class Registration implements RemoteRegistration {

  private final TcpAgent agent;
  private final Export export;
  private boolean over;

  Registration(TcpAgent agent, Export export) {
    this.agent = agent;
    this.export = export;
  }

  synchronized void begin() {
    if (!over) {
      agent.exports().add(export);
    }
  }

  @Override
  public String agent() {
    return agent.name();
  }

  @Override
  public ExportedStorage exported() {
    return export.exported;
  }

  @Override
  public void release() {
    synchronized (this) {
      over = true;
      agent.exports().remove(export);
      export.stop(); // before peers are told: whoever gets its key now is told, too
    }
    boolean idle = agent.withdraw(export);
    agent.forget(this);
    if (!idle) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "peers still use an export of %d bytes after their connections were cut"
              .formatted(export.exported.byteSize()),
          null);
    }
  }
}
