package io.kvbm.core.cost;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.util.List;

/**
 * Where the blocks of a sequence were found, up to the first that was not.
 *
 * @param routes for each block the route to the top tier, or {@link #PRESENT}
 * @param blockByteSize bytes of a block, above 0
 */
public record RoutePlan(List<String> routes, long blockByteSize) {

  /** Stands for a block that is in the top tier already. */
  public static final String PRESENT = "";

  /** Checks the size. */
  public RoutePlan {
    routes = List.copyOf(routes);
    if (blockByteSize < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "a block has at least 1 byte, not " + blockByteSize);
    }
  }
}
