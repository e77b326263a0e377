package io.kvbm.backend.disk.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.io.IoEngineContract.Told;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThreadEngineTest {

  @TempDir Path directory;

  @Test
  void aStuckRequestIsAnsweredAtItsDeadlineAndReleasedWhenItReturns() throws InterruptedException {
    CountDownLatch stall = new CountDownLatch(1);
    try (Arena arena = Arena.ofShared();
        DiskFile real =
            new FileDisk()
                .open(
                    directory.resolve("f"),
                    Set.of(OpenOption.CREATE, OpenOption.READ, OpenOption.WRITE));
        ThreadEngine engine = new ThreadEngine("buffered", 1)) {
      real.writeFully(0, arena.allocate(4096));
      DiskFile stalled =
          (DiskFile)
              Proxy.newProxyInstance(
                  DiskFile.class.getClassLoader(),
                  new Class<?>[] {DiskFile.class},
                  (_, method, args) -> {
                    if (method.getName().equals("read")) {
                      stall.await();
                    }
                    return method.invoke(real, args);
                  });
      MemorySegment memory = arena.allocate(4096);
      Told stuck = new Told();
      Told behind = new Told();
      Told patient = new Told();
      long soon = System.nanoTime() + 50_000_000;
      engine.submit(List.of(IoRequest.read(stalled, 0, memory, stuck).withDeadline(soon)));
      engine.submit(
          List.of(
              IoRequest.read(real, 0, memory, behind).withDeadline(soon),
              IoRequest.read(real, 0, memory, patient)));
      stuck.awaitAnswer();
      behind.awaitRelease();
      assertThat(stuck.failure).isInstanceOf(TransientException.class);
      assertThat(stuck.failure.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
      assertThat(behind.failure.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
      assertThat(stuck.released).hasValue(0);
      assertThat(patient.completed).hasValue(0);
      assertThat(engine.statistics().timeouts()).isEqualTo(2);
      assertThat(engine.statistics().inFlight()).isEqualTo(2);
      stall.countDown();
      stuck.awaitRelease();
      patient.awaitRelease();
      assertThat(patient.failure).isNull();
      assertThat(stuck.completed).hasValue(1);
    }
  }
}
