package io.kvbm.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.util.List;

/** Backends and copies as tests want them. */
final class Copies {

  private Copies() {}

  static Backend open(String... settings) {
    BackendConfig config = BackendConfig.empty();
    for (int i = 0; i < settings.length; i += 2) {
      config = config.with(settings[i], settings[i + 1]);
    }
    return new CudaBackendProvider().open(new TestContext(), config);
  }

  static List<BlockOutcome> move(Backend backend, TransferBatch batch) {
    RecordingCompletion completion = new RecordingCompletion(batch.blockCount());
    backend.transports().getFirst().submit(batch, completion);
    return completion.await();
  }

  static void copy(Backend backend, Storage source, Storage target) {
    TransferBatch batch =
        TransferBatch.builder().add(0, source, 0, target, 0, source.byteSize()).build();
    assertThat(move(backend, batch)).allMatch(BlockOutcome::isDone);
  }

  /** Blocks of many regions, in another order on the other side. */
  static TransferBatch scattered(Storage source, Storage target, int regions, int size) {
    TransferBatch.Builder batch = TransferBatch.builder();
    for (int i = 0; i < regions; i++) {
      int from = i * 37 % regions;
      int to = i * 61 % regions;
      batch.add(i / 8, source, (long) from * size, target, (long) to * size, size);
    }
    return batch.build();
  }
}
