package io.kvbm.api.layout;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Names an arrangement of blocks in storage; persisted in descriptors. The four kvbm ships are
 * constants; another is added by a {@link LayoutProvider}.
 *
 * @param name {@code [a-z][a-z0-9-]{0,62}}
 */
@Stability(Stability.Level.STABLE)
public record LayoutType(String name) {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

  /** One storage; a block's layers and outer regions follow each other. */
  public static final LayoutType FULLY_CONTIGUOUS = new LayoutType("fully-contiguous");

  /** One storage per layer; all blocks of outer index 0, then all of outer index 1. */
  public static final LayoutType LAYER_SEPARATE_OUTER_CONTIGUOUS =
      new LayoutType("layer-separate-outer-contiguous");

  /** One storage per layer; each block's outer regions side by side. */
  public static final LayoutType LAYER_SEPARATE_BLOCK_CONTIGUOUS =
      new LayoutType("layer-separate-block-contiguous");

  /** Each (block, layer, outer) region on its own page, found through a page table. */
  public static final LayoutType PAGED = new LayoutType("paged");

  /** Checks the name. */
  public LayoutType {
    Objects.requireNonNull(name, "name");
    if (!NAME.matcher(name).matches()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "layout type '" + name + "' is not of the form [a-z][a-z0-9-]{0,62}");
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
