package io.kvbm.bench.store;

import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.store.Durability;
import io.kvbm.bench.store.RunRequest.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One row of the report.
 *
 * @param operation what is done
 * @param byteSize of each value
 * @param durability of puts
 */
record StoreCase(Operation operation, int byteSize, Durability durability) {

  private static final int KIB = 1024;

  /** The sizes of values. */
  static final List<Integer> BYTE_SIZES = List.of(4 * KIB, 64 * KIB, 1024 * KIB, 4096 * KIB);

  /** {@return the name, such as {@code put-64k-synced} or {@code get-4k-cold}} */
  String name() {
    String size = byteSize < 1024 * KIB ? byteSize / KIB + "k" : byteSize / (1024 * KIB) + "m";
    return switch (operation) {
      case PUT -> "put-%s-%s".formatted(size, durability.name().toLowerCase(Locale.ROOT));
      case GET_COLD -> "get-%s-cold".formatted(size);
      case GET_HOT -> "get-%s-hot".formatted(size);
      case LOAD -> "load-%s of %s".formatted(size, ByteSizes.format(byteSize));
    };
  }

  /** {@return all rows, in the order of the report} */
  static List<StoreCase> all() {
    List<StoreCase> cases = new ArrayList<>();
    for (int byteSize : BYTE_SIZES) {
      for (Durability durability :
          new Durability[] {Durability.SYNCED, Durability.WRITTEN, Durability.NONE}) {
        cases.add(new StoreCase(Operation.PUT, byteSize, durability));
      }
      cases.add(new StoreCase(Operation.GET_COLD, byteSize, Durability.WRITTEN));
      cases.add(new StoreCase(Operation.GET_HOT, byteSize, Durability.WRITTEN));
    }
    return cases;
  }
}
