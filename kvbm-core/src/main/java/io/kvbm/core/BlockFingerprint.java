package io.kvbm.core;

import com.dynatrace.hash4j.hashing.Hashing;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.layout.LayoutConfig;
import java.nio.charset.StandardCharsets;

/** What blocks that outlive a manager or leave it are of. */
final class BlockFingerprint {

  private BlockFingerprint() {}

  /**
   * What persisted blocks must agree in to be used again, and those of another worker to be used
   * here: scheme, model, salt and the shape of a block. Another one makes them misses, so it may
   * only change together with what it stands for.
   */
  static long of(KvBlockManagerConfig config, HashScheme hashScheme, LayoutConfig shape) {
    String text =
        String.join(
            "\n",
            hashScheme.name(),
            config.runtime().modelName(),
            Long.toHexString(hashScheme.saltHash(config.runtime().salt())),
            "%d/%d/%d/%d/%s"
                .formatted(
                    shape.numLayers(),
                    shape.outerDim(),
                    shape.pageSize(),
                    shape.innerDim(),
                    shape.dtype()));
    return Hashing.xxh3_64().hashBytesToLong(text.getBytes(StandardCharsets.UTF_8));
  }
}
