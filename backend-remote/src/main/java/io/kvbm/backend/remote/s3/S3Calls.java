package io.kvbm.backend.remote.s3;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.spi.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Calls of the service: so many at once, each within a deadline, repeated where the failure may
 * pass, after a pause of random length that doubles in the mean (full jitter), as long as the
 * budget of retries lasts. Threading: safe from any thread.
 */
final class S3Calls implements AutoCloseable {

  private static final long FIRST_PAUSE_NANOS = 50_000_000;
  private static final long LONGEST_PAUSE_NANOS = 5_000_000_000L;

  /** Sets the time limit of one request. */
  interface Limits extends Consumer<AwsRequestOverrideConfiguration.Builder> {}

  /** One request: how often the call was tried before is in {@code attempt}, from 1. */
  interface Attempt<T extends @Nullable Object> {
    T run(S3Client client, Limits limits, int attempt);
  }

  private final S3Client client;
  private final S3Settings settings;
  private final Clock clock;
  private final LongUnaryOperator below;
  private final RetryBudget budget;
  private final Semaphore permits;
  private final S3Errors errors;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final java.util.concurrent.atomic.LongAdder retries =
      new java.util.concurrent.atomic.LongAdder();

  /**
   * @param below gives a random number below its argument
   */
  S3Calls(S3Client client, S3Settings settings, Clock clock, LongUnaryOperator below) {
    this.client = client;
    this.settings = settings;
    this.clock = clock;
    this.below = below;
    budget = new RetryBudget(settings.number("retryBudget"));
    permits = new Semaphore((int) settings.number("concurrency"));
    errors = new S3Errors(settings.place());
  }

  long retries() {
    return retries.sum();
  }

  <T extends @Nullable Object> T call(String what, BiFunction<S3Client, Limits, T> request) {
    return callCounted(what, (at, limits, _) -> request.apply(at, limits));
  }

  <T extends @Nullable Object> T callCounted(String what, Attempt<T> request) {
    long end = clock.nanoTime() + settings.duration("callTimeout").toNanos();
    for (int attempt = 1; ; attempt++) {
      try {
        T result = limited(what, request, attempt, end);
        budget.succeeded();
        return result;
      } catch (SdkException e) {
        if (!S3Errors.mayPass(e) || attempt >= settings.number("attempts") || !budget.tryTake()) {
          throw errors.of(what, e, attempt);
        }
        retries.increment();
        pause(what, attempt, end, e);
      }
    }
  }

  private <T extends @Nullable Object> T limited(
      String what, Attempt<T> request, int attempt, long end) {
    long left = end - clock.nanoTime();
    try {
      if (left <= 0 || !permits.tryAcquire(left, TimeUnit.NANOSECONDS)) {
        throw late(what, attempt, null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException(ErrorCode.CANCELLED, what + " was interrupted; try again", e);
    }
    try {
      long nanos =
          Math.max(
              1, Math.min(settings.duration("requestTimeout").toNanos(), end - clock.nanoTime()));
      return request.run(client, limits -> limits.apiCallTimeout(Duration.ofNanos(nanos)), attempt);
    } finally {
      permits.release();
    }
  }

  private void pause(String what, int attempt, long end, SdkException cause) {
    long longest = Math.min(LONGEST_PAUSE_NANOS, FIRST_PAUSE_NANOS << Math.min(attempt - 1, 20));
    long nanos = below.applyAsLong(longest);
    if (end - clock.nanoTime() <= nanos) {
      throw late(what, attempt, cause);
    }
    try {
      if (closed.await(nanos, TimeUnit.NANOSECONDS)) {
        throw new ClosedException(ErrorCode.CLOSED, what + " ended: the backend was closed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException(ErrorCode.CANCELLED, what + " was interrupted; try again", e);
    }
  }

  private TransientException late(
      String what, int attempt, @org.jspecify.annotations.Nullable Throwable cause) {
    return new TransientException(
        ErrorCode.DEADLINE_EXCEEDED,
        "%s at %s took longer than callTimeout %s (attempt %d); try later or raise it"
            .formatted(what, settings.place(), settings.duration("callTimeout"), attempt),
        cause);
  }

  /** Ends pauses between attempts, then the connections. */
  @Override
  public void close() {
    closed.countDown();
    client.close();
  }

  /** Ends pauses between attempts, so that calls end early. */
  void stop() {
    closed.countDown();
  }
}
