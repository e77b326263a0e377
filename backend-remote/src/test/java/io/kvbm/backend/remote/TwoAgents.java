package io.kvbm.backend.remote;

import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.RegistrableStorage;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Two backends with an agent each, and a context of its own; the near one connects to the far one.
 */
final class TwoAgents implements AutoCloseable {

  static final Duration SOON = Duration.ofSeconds(20);
  private static final AtomicInteger COUNT = new AtomicInteger();

  final TestContext context = new TestContext();
  final TestContext nearContext = new TestContext();
  final Backend farBackend;
  final Backend nearBackend;
  final RemoteAgent far;
  final RemoteAgent near;

  TwoAgents() {
    this(BackendConfig.empty(), BackendConfig.empty());
  }

  TwoAgents(BackendConfig farConfig, BackendConfig nearConfig) {
    this(farConfig, nearConfig, System.getLogger("io.kvbm.testkit"));
  }

  /**
   * @param farLogger where the far side tells of what it cuts
   */
  TwoAgents(BackendConfig farConfig, BackendConfig nearConfig, System.Logger farLogger) {
    farBackend = new RemoteBackendProvider().open(logging(context, farLogger), farConfig);
    nearBackend = new RemoteBackendProvider().open(nearContext, nearConfig);
    int number = COUNT.incrementAndGet();
    far = farBackend.agents().getFirst().open("far-" + number);
    near = nearBackend.agents().getFirst().open("near-" + number);
  }

  private static BackendContext logging(BackendContext context, System.Logger logger) {
    return (BackendContext)
        java.lang.reflect.Proxy.newProxyInstance(
            BackendContext.class.getClassLoader(),
            new Class<?>[] {BackendContext.class},
            (_, method, arguments) ->
                method.getName().equals("logger") ? logger : method.invoke(context, arguments));
  }

  RemotePeer connect() {
    return near.connect(far.descriptor(), SOON);
  }

  RemotePeer connect(AgentDescriptor descriptor) {
    return near.connect(descriptor, SOON);
  }

  ExportedStorage export(RegistrableStorage storage) {
    return far.register(storage, RemoteAccess.READ_WRITE);
  }

  RecordingCompletion copy(Storage source, long from, Storage target, long to, long byteSize) {
    RecordingCompletion completion = new RecordingCompletion(1);
    nearBackend
        .transports()
        .getFirst()
        .submit(
            TransferBatch.builder().add(0, source, from, target, to, byteSize).build(), completion);
    return completion;
  }

  /** Waits until something that other threads bring about is so. */
  static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + SOON.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not so after " + SOON);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void close() {
    nearBackend.close();
    farBackend.close();
    context.close();
    nearContext.close();
  }
}
