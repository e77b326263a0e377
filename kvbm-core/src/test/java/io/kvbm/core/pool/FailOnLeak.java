package io.kvbm.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test class that left a block of {@link Pools} unclosed, naming where it was acquired. */
final class FailOnLeak implements AfterAllCallback {

  private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

  static void report(String leak) {
    LEAKS.add(leak);
  }

  @Override
  public void afterAll(ExtensionContext context) throws InterruptedException {
    collect(); // handles of the last tests
    collect(); // and until then the cleaner has worked off those of the first round
    assertThat(LEAKS).isEmpty();
  }

  private static void collect() throws InterruptedException {
    ReferenceQueue<Object> queue = new ReferenceQueue<>();
    PhantomReference<Object> sentinel = new PhantomReference<>(new Object(), queue);
    do {
      System.gc();
    } while (queue.remove(1000) != sentinel);
  }
}
