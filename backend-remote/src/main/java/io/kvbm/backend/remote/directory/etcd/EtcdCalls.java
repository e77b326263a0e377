package io.kvbm.backend.remote.directory.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.OptionsUtil;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/**
 * One client of etcd. Every call ends within the time its settings give it. Threading: safe from
 * any thread; what is returned completes on threads of the client.
 */
final class EtcdCalls implements AutoCloseable {

  private static final int MAX_ANSWER_BYTES = 64 << 20;
  private static final long PAGE_RECORDS = 32; // of 1 MiB at most each

  /** Below the least timeout: a client whose delay is not refuses every call. */
  private static final long RETRY_DELAY_MILLIS = 10;

  private final Client client;
  private final long timeoutMillis;

  private EtcdCalls(Client client, Duration timeout) {
    this.client = client;
    this.timeoutMillis = timeout.toMillis();
  }

  /** Opens a client; connects when it is first used. */
  static EtcdCalls open(EtcdSettings settings) throws SSLException {
    // gRPC finds its parts by ServiceLoader. Where the thread's loader is an application's that
    // does not see this backend's libraries, they would be missed.
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(EtcdCalls.class.getClassLoader());
    try {
      return new EtcdCalls(builder(settings).build(), settings.timeout());
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static ClientBuilder builder(EtcdSettings settings) throws SSLException {
    ClientBuilder builder =
        Client.builder()
            .endpoints(settings.endpoints())
            .waitForReady(false)
            .retryMaxAttempts(1)
            .retryDelay(RETRY_DELAY_MILLIS)
            .retryMaxDelay(2 * RETRY_DELAY_MILLIS)
            .retryChronoUnit(ChronoUnit.MILLIS)
            .retryMaxDuration(settings.timeout())
            .connectTimeout(settings.timeout())
            .keepaliveTime(Duration.ofSeconds(10))
            .keepaliveTimeout(settings.timeout())
            .keepaliveWithoutCalls(false)
            .maxInboundMessageSize(MAX_ANSWER_BYTES);
    Optional<String> password = settings.password();
    if (settings.user().isPresent() && password.isPresent()) {
      builder.user(bytes(settings.user().get())).password(bytes(password.get()));
    }
    if (settings.isSecured()) {
      EtcdSettings.Tls tls = settings.tls();
      builder.sslContext(
          context -> {
            tls.ca().map(Path::toFile).ifPresent(context::trustManager);
            if (tls.certificate().isPresent() && tls.key().isPresent()) {
              context.keyManager(tls.certificate().get().toFile(), tls.key().get().toFile());
            }
          });
      builder.authority(settings.endpoints().getFirst().getHost());
    }
    return builder;
  }

  /** What a lease is. */
  record Lease(long id, long seconds) {}

  CompletableFuture<Lease> grant(long seconds) {
    return timed(() -> client.getLeaseClient().grant(seconds))
        .thenApply(granted -> new Lease(granted.getID(), granted.getTTL()));
  }

  /** {@return completes with how many seconds the lease lives; 0 or less if it has ended} */
  CompletableFuture<Long> renew(long lease) {
    return timed(() -> client.getLeaseClient().keepAliveOnce(lease))
        .thenApply(LeaseKeepAliveResponse::getTTL);
  }

  CompletableFuture<?> revoke(long lease) {
    return timed(() -> client.getLeaseClient().revoke(lease));
  }

  /** {@return completes with the revision} */
  CompletableFuture<Long> put(ByteSequence key, byte[] value, long lease) {
    PutOption option = PutOption.builder().withLeaseId(lease).build();
    return timed(() -> client.getKVClient().put(key, ByteSequence.from(value), option))
        .thenApply(response -> response.getHeader().getRevision());
  }

  CompletableFuture<?> delete(ByteSequence from, ByteSequence to) {
    return timed(
        () -> client.getKVClient().delete(from, DeleteOption.builder().withRange(to).build()));
  }

  /**
   * Reads some records, in the order of their keys.
   *
   * @param from the first key
   * @param prefix what all keys begin with
   * @param revision as of when, or 0 for now
   */
  CompletableFuture<GetResponse> page(ByteSequence from, ByteSequence prefix, long revision) {
    GetOption option =
        GetOption.builder()
            .withRange(OptionsUtil.prefixEndOf(prefix))
            .withLimit(PAGE_RECORDS)
            .withRevision(revision)
            .build();
    return timed(() -> client.getKVClient().get(from, option));
  }

  Watch.Watcher watch(ByteSequence prefix, long revision, Watch.Listener listener) {
    WatchOption option =
        WatchOption.builder().isPrefix(true).withRevision(revision).withRequireLeader(true).build();
    return client.getWatchClient().watch(prefix, option, listener);
  }

  /** What a call throws before it has begun is its result, like what it fails with later. */
  private <T> CompletableFuture<T> timed(Supplier<CompletableFuture<T>> begin) {
    CompletableFuture<T> call;
    try {
      call = begin.get();
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedFuture(e);
    }
    // The call itself is left alone: cancelling it on the timer's thread could block there.
    return call.copy().orTimeout(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    client.close();
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }
}
