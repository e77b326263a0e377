package io.kvbm.backend.disk.object;

import io.kvbm.api.codec.Codec;
import io.kvbm.api.codec.CodecCatalog;
import java.util.List;

/** The codecs the format has numbers for. */
public final class Codecs {

  /** Names by number; only ever gets longer. */
  public static final List<String> NAMES = List.of("none", "lz4", "zstd", "gzip");

  private final CodecCatalog catalog;

  /**
   * Creates the table.
   *
   * @param codecs those at hand
   */
  public Codecs(List<? extends Codec> codecs) {
    this.catalog = CodecCatalog.of(codecs);
  }

  Codec require(int number) {
    if (number < 1 || number >= NAMES.size()) {
      throw Format.corrupt("a value has codec number " + number + ", which this program lacks");
    }
    return catalog.require(NAMES.get(number));
  }
}
