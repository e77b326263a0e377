package io.kvbm.backend.remote.s3;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import java.util.Map;

/** The s3 backend on an S3Proxy of all tests, with buckets of its own. */
final class S3Harness implements BackendHarness {

  private static final S3Server SERVER = S3Server.inMemory();
  private static int made;

  private final String name = next();

  private static synchronized String next() {
    return "kit" + made++;
  }

  @Override
  public BackendProvider provider() {
    return new S3BackendProvider();
  }

  @Override
  public BackendConfig config() {
    return SERVER.config();
  }

  @Override
  public String location(String of) {
    return name + "-" + of;
  }

  @Override
  public double effort() {
    return 0.05;
  }

  @Override
  public Map<Feature, String> unsupported() {
    return Map.ofEntries(
        Map.entry(Feature.ALLOCATION, "a bucket has no addresses"),
        Map.entry(Feature.TRANSFER, "objects are read and put whole"),
        Map.entry(Feature.LAYOUTS, "the platform's own layouts fit"),
        Map.entry(Feature.BLOCK_STORE, "the platform makes blocks of objects"),
        Map.entry(Feature.LOG, "objects do not grow"),
        Map.entry(Feature.DISK, "a bucket is no disk"),
        Map.entry(Feature.OBJECT_ATOMIC_BATCH, "S3 changes one object at a time"),
        Map.entry(Feature.OBJECT_MAP, "objects are elsewhere"));
  }

  @Override
  public Map<String, String> optOuts() {
    String reason = "S3 keeps no former state; a snapshot is refused as unsupported";
    return Map.of(
        "ObjectStoreContract#aSnapshotKeepsSeeingTheStateItWasOpenedOn", reason,
        "ObjectStoreContract#aSnapshotRefusesToWrite", reason);
  }
}
