package io.kvbm.api.hash;

import io.kvbm.api.Stability;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * What separates caches besides the tokens: a tenant's salt and the LoRA adapter. An empty text is
 * the same as none. A caller that already has a 64-bit salt hash gives that alone.
 *
 * @param salt the tenant's or application's salt, or empty
 * @param lora the name of the LoRA adapter, or empty
 * @param raw a ready 64-bit salt hash that replaces both
 */
@Stability(Stability.Level.STABLE)
public record CacheSalt(String salt, String lora, OptionalLong raw) {

  /** No salt and no adapter. */
  public static final CacheSalt NONE = new CacheSalt("", "", OptionalLong.empty());

  /** Checks the values. */
  public CacheSalt {
    Objects.requireNonNull(salt, "salt");
    Objects.requireNonNull(lora, "lora");
    Objects.requireNonNull(raw, "raw");
  }

  /**
   * {@return a salt}
   *
   * @param salt the tenant's or application's salt, or empty
   * @param lora the name of the LoRA adapter, or empty
   */
  public static CacheSalt of(String salt, String lora) {
    return new CacheSalt(salt, lora, OptionalLong.empty());
  }

  /**
   * {@return a ready salt hash}
   *
   * @param saltHash used as it is
   */
  public static CacheSalt ofHash(long saltHash) {
    return new CacheSalt("", "", OptionalLong.of(saltHash));
  }
}
