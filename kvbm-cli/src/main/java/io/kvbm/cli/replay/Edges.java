package io.kvbm.cli.replay;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.tier.CacheLevel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads write policies given as {@code device-host=through}. */
final class Edges {

  private Edges() {}

  /**
   * Returns a write policy for each pair of neighbouring tiers.
   *
   * @throws ConfigurationException if one is not of that form, or there is no such edge
   */
  static List<WritePolicy> parse(List<String> given, Map<CacheLevel, Integer> capacities) {
    List<String> names = names(capacities);
    Map<String, WritePolicy> policies = new HashMap<>();
    for (String text : given) {
      String[] pair = text.split("=", -1);
      if (pair.length != 2) {
        throw invalid(
            "--edge '%s' is not of the form device-host=through|back|selective|none"
                .formatted(text));
      }
      if (!names.contains(pair[0])) {
        throw invalid("there is no edge '%s'; edges are %s".formatted(pair[0], names));
      }
      if (policies.put(pair[0], WritePolicy.parse(pair[1])) != null) {
        throw invalid("--edge %s is given twice".formatted(pair[0]));
      }
    }
    return names.stream().map(name -> policies.getOrDefault(name, WritePolicy.BACK)).toList();
  }

  private static List<String> names(Map<CacheLevel, Integer> capacities) {
    List<CacheLevel> tiers =
        Arrays.stream(CacheLevel.values())
            .filter(level -> capacities.getOrDefault(level, 0) > 0)
            .toList();
    List<String> names = new ArrayList<>();
    for (int i = 1; i < tiers.size(); i++) {
      names.add(tiers.get(i - 1).text() + "-" + tiers.get(i).text());
    }
    return names;
  }

  private static ConfigurationException invalid(String message) {
    return new ConfigurationException(ErrorCode.INVALID_CONFIG, message);
  }
}
