package io.kvbm.core.placement;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.PlacementPolicy;
import java.util.List;

/** The placement policies there are, by name. */
public final class PlacementPolicies {

  private PlacementPolicies() {}

  /** {@return the names} */
  public static List<String> names() {
    return List.of(FrequencyPlacement.NAME);
  }

  /**
   * {@return the policy of a name}
   *
   * @param name as users give it
   * @throws ConfigurationException if there is none, listing those there are
   */
  public static PlacementPolicy of(String name) {
    if (name.equals(FrequencyPlacement.NAME)) {
      return new FrequencyPlacement();
    }
    throw new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "unknown placement policy '%s'; known: %s".formatted(name, String.join(", ", names())));
  }
}
