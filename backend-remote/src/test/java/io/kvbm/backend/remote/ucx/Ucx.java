package io.kvbm.backend.remote.ucx;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Availability;
import io.kvbm.backend.remote.path.PathCompletion;
import io.kvbm.testkit.RequiredTools;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the tests of the UCX path share. */
final class Ucx {

  private Ucx() {}

  static void require() {
    Availability found = UcxPath.probe(UcxOptions.DEFAULTS);
    RequiredTools.assumeOrFail("ucx", found.isAvailable(), found.toString());
  }

  /** A completion that can be waited for, and sees a second call. */
  static final class Outcome implements PathCompletion {

    private final CompletableFuture<Optional<KvbmException>> ended = new CompletableFuture<>();

    @Override
    public void ended(@Nullable KvbmException failure) {
      if (!ended.complete(Optional.ofNullable(failure))) {
        throw new AssertionError("told twice", failure);
      }
    }

    boolean isEnded() {
      return ended.isDone();
    }

    Optional<KvbmException> failure() throws Exception {
      return ended.get(30, TimeUnit.SECONDS);
    }

    void succeeds() throws Exception {
      assertThat(failure()).isEmpty();
    }
  }

  static void fill(MemorySegment bytes, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (long i = 0; i < bytes.byteSize(); i += 61) {
      bytes.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
    }
    bytes.set(ValueLayout.JAVA_BYTE, bytes.byteSize() - 1, (byte) random.nextInt());
  }
}
