package io.kvbm.backend.remote.s3;

import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.Gate;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the parts of one store share.
 *
 * @param gate lets calls in until the store is closed
 * @param conditional whether the service keeps conditions of puts
 * @param nonces random numbers
 * @param locks of keys, by stripes: within this process no collection deletes what a put is about
 *     to replace
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record StoreParts(
    S3Settings settings,
    S3Location location,
    S3Calls calls,
    S3Bucket bucket,
    ObjectUpload upload,
    ObjectDownload download,
    Clock clock,
    Gate gate,
    boolean conditional,
    LongSupplier nonces,
    ReentrantLock[] locks) {

  private static final int STRIPES = 256;

  static ReentrantLock[] stripes() {
    ReentrantLock[] locks = new ReentrantLock[STRIPES];
    java.util.Arrays.setAll(locks, _ -> new ReentrantLock());
    return locks;
  }

  <T> T locked(String key, Supplier<T> action) {
    ReentrantLock lock = locks[Math.floorMod(key.hashCode(), STRIPES)];
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }
}
