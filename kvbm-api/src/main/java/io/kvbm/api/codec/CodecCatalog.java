package io.kvbm.api.codec;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** The codecs at hand, by name. Immutable; safe from any thread. */
@Stability(Stability.Level.PREVIEW)
public final class CodecCatalog {

  private final Map<String, Codec> byName = new TreeMap<>();

  private CodecCatalog(Collection<? extends Codec> codecs) {
    for (Codec codec : codecs) {
      if (byName.putIfAbsent(codec.name(), codec) != null) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "two codecs are named %s: %s and %s; remove one"
                .formatted(
                    codec.name(),
                    byName.get(codec.name()).getClass().getName(),
                    codec.getClass().getName()));
      }
    }
  }

  /**
   * {@return a catalog of these codecs}
   *
   * @param codecs each with a name of its own
   * @throws ConfigurationException if two have the same name
   */
  public static CodecCatalog of(Collection<? extends Codec> codecs) {
    return new CodecCatalog(codecs);
  }

  /**
   * {@return the codec of a name}
   *
   * @param name what a configuration or header says
   * @throws ConfigurationException with {@link ErrorCode#BACKEND_UNAVAILABLE} if it is not
   *     installed, listing those that are
   */
  public Codec require(String name) {
    Codec codec = byName.get(name);
    if (codec == null) {
      throw new ConfigurationException(
          ErrorCode.BACKEND_UNAVAILABLE,
          "codec %s is not installed; installed: %s; add the jar that has it"
              .formatted(
                  name, byName.isEmpty() ? "none at all" : String.join(", ", byName.keySet())));
    }
    return codec;
  }
}
