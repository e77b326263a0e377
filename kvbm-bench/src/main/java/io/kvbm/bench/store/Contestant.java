package io.kvbm.bench.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.Durability;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Who is measured, ours first. */
enum Contestant {
  /** Our store. */
  KVBM("kvbm") {
    @Override
    BenchedStore open(StoreSetup setup, Path directory) {
      return new KvbmStore(setup, directory);
    }

    @Override
    String settings(StoreSetup setup) {
      return KvbmStore.settings(setup);
    }
  },
  /** RocksDB with values in its tables. */
  ROCKSDB("rocksdb") {
    @Override
    BenchedStore open(StoreSetup setup, Path directory) {
      return new RocksStore(setup, directory, false);
    }

    @Override
    String settings(StoreSetup setup) {
      return RocksStore.settings(setup, false);
    }
  },
  /** RocksDB with values in blob files. */
  BLOBDB("rocksdb-blob") {
    @Override
    BenchedStore open(StoreSetup setup, Path directory) {
      return new RocksStore(setup, directory, true);
    }

    @Override
    String settings(StoreSetup setup) {
      return RocksStore.settings(setup, true);
    }
  },
  /** LMDB. */
  LMDB("lmdb") {
    @Override
    BenchedStore open(StoreSetup setup, Path directory) {
      return new LmdbStore(setup, directory);
    }

    @Override
    String settings(StoreSetup setup) {
      return LmdbStore.settings();
    }

    @Override
    List<String> jvmOptions() {
      return List.of(
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED");
    }

    @Override
    boolean has(Durability durability) {
      return durability != Durability.NONE;
    }
  };

  private final String label;

  Contestant(String label) {
    this.label = label;
  }

  /** {@return the name in reports} */
  String label() {
    return label;
  }

  /** {@return what its JVM needs besides} */
  List<String> jvmOptions() {
    return List.of();
  }

  static Contestant of(String label) {
    return Arrays.stream(values())
        .filter(each -> each.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new CallerException(
                    ErrorCode.INVALID_ARGUMENT, "nobody is called '" + label + "'"));
  }

  /** Opens its store in a directory, which may be new. */
  abstract BenchedStore open(StoreSetup setup, Path directory);

  /** {@return how it is tuned, in one line} */
  abstract String settings(StoreSetup setup);

  /** {@return whether puts can be that durable, and no more} */
  boolean has(Durability durability) {
    return true;
  }
}
