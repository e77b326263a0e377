package io.kvbm.backend.remote.s3;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.Gate;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;

/** The open backend: one client, and the stores that use it. */
final class S3Backend implements Backend {

  private final BackendContext context;
  private final S3Settings settings;
  private final S3Calls calls;
  private final List<ObjectStoreFactory> factories = List.of(new S3ObjectStoreFactory(this));
  private final Map<S3Location, S3ObjectStore> open = new HashMap<>();
  private boolean closed;

  S3Backend(BackendContext context, S3Settings settings, S3Client client) {
    this.context = context;
    this.settings = settings;
    calls =
        new S3Calls(
            client,
            settings,
            context.clock(),
            bound -> ThreadLocalRandom.current().nextLong(bound));
  }

  @Override
  public List<ObjectStoreFactory> objectStores() {
    return factories;
  }

  ObjectStore open(String text) {
    S3Location location = S3Location.of(text, settings);
    requireFree(location);
    S3Bucket bucket = new S3Bucket(calls, location.bucket());
    bucket.require(settings.flag("createBucket"));
    ObjectUpload upload =
        new ObjectUpload(
            calls, bucket, location.bucket(), settings.textOr("checksum", "").equals("crc32c"));
    boolean conditional =
        switch (settings.textOr("conditionalPuts", "probe")) {
          case "true" -> true;
          case "false" -> false;
          default -> keepsConditions(location, bucket, upload);
        };
    StoreParts parts =
        new StoreParts(
            settings,
            location,
            calls,
            bucket,
            upload,
            new ObjectDownload(calls, location.bucket()),
            context.clock(),
            new Gate("object store " + location),
            conditional,
            () -> ThreadLocalRandom.current().nextLong(),
            StoreParts.stripes());
    S3ObjectStore store = new S3ObjectStore(parts, () -> forget(location));
    synchronized (open) {
      requireFree(location);
      open.put(location, store);
    }
    scheduleSweep(store, location);
    return store;
  }

  private void requireFree(S3Location location) {
    synchronized (open) {
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "backend 's3' is closed; open it again");
      }
      if (open.containsKey(location)) {
        throw new TransientException(
            ErrorCode.LOCKED,
            "%s is open for writing in process %d; close that store first"
                .formatted(location, ProcessHandle.current().pid()));
      }
    }
  }

  private void forget(S3Location location) {
    synchronized (open) {
      open.remove(location);
    }
  }

  /** A service that ignores conditions replaces the probe, and must not be trusted with others. */
  private boolean keepsConditions(S3Location location, S3Bucket bucket, ObjectUpload upload) {
    String probe =
        location.internal("probe-" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
    MemorySegment nothing = MemorySegment.ofArray(new byte[0]);
    try {
      String tag = upload.put(probe, nothing, new byte[] {1}, Map.of(), ObjectUpload.ABSENT);
      return refuses(
              () -> upload.put(probe, nothing, new byte[] {2}, Map.of(), ObjectUpload.ABSENT))
          && refuses(() -> upload.put(probe, nothing, new byte[] {3}, Map.of(), "0" + tag));
    } catch (CallerException e) {
      if (e.code() == ErrorCode.UNSUPPORTED) {
        return false;
      }
      throw e;
    } finally {
      try {
        bucket.delete(probe, "");
      } catch (KvbmException e) {
        context
            .logger()
            .log(System.Logger.Level.DEBUG, "a probe object stays: {0}", e.getMessage());
      }
    }
  }

  private static boolean refuses(Runnable put) {
    try {
      put.run();
      return false;
    } catch (CallerException e) {
      return e.code() == ErrorCode.PRECONDITION_FAILED;
    }
  }

  private void scheduleSweep(S3ObjectStore store, S3Location location) {
    Duration interval = settings.duration("gcInterval");
    if (!interval.isZero()) {
      var later =
          CompletableFuture.delayedExecutor(
              interval.toNanos(), TimeUnit.NANOSECONDS, context.ioExecutor());
      try {
        later.execute(() -> sweep(store, location));
      } catch (RejectedExecutionException e) {
        // The platform is closing, and with it the store.
      }
    }
  }

  private void sweep(S3ObjectStore store, S3Location location) {
    synchronized (open) {
      if (open.get(location) != store) {
        return;
      }
    }
    try {
      store.sweep();
    } catch (ClosedException e) {
      return;
    } catch (KvbmException e) {
      context
          .logger()
          .log(System.Logger.Level.WARNING, "collection in {0}: {1}", location, e.getMessage());
    }
    scheduleSweep(store, location);
  }

  @Override
  public void close() {
    List<S3ObjectStore> due;
    synchronized (open) {
      closed = true;
      due = new ArrayList<>(open.values());
    }
    calls.stop();
    @Nullable RuntimeException failure = null;
    for (S3ObjectStore store : due) {
      try {
        store.close();
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    calls.close();
    if (failure != null) {
      throw failure;
    }
  }
}
