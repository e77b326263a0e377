package io.kvbm.cli.replay;

import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import io.kvbm.cli.replay.Faults.Fate;
import java.util.List;

/** A transport with faults; damage is done to what arrived. */
final class FaultyTransport implements Transport {

  private final Transport transport;
  private final Faults faults;

  FaultyTransport(Transport transport, Faults faults) {
    this.transport = transport;
    this.faults = faults;
  }

  @Override
  public String name() {
    return transport.name();
  }

  @Override
  public boolean supports(Route route) {
    return transport.supports(route);
  }

  @Override
  public int cost(Route route) {
    return transport.cost(route);
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    List<Fate> fates = faults.fates(batch.blockCount());
    if (!batch.target(0).isHostAccessible()) {
      fates.replaceAll(fate -> fate == Fate.IS_DAMAGED ? Fate.FAILS : fate); // out of reach
    }
    transport.submit(
        batch, new FaultyCompletion(faults, fates, block -> damage(batch, block), completion));
  }

  private void damage(TransferBatch batch, int block) {
    for (int copy = 0; copy < batch.size(); copy++) {
      if (batch.block(copy) == block) {
        faults.damage(
            batch
                .target(copy)
                .mutableView()
                .asSlice(batch.targetOffset(copy), batch.byteSize(copy)));
        return;
      }
    }
  }
}
