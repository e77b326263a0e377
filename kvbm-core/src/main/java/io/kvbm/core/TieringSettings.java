package io.kvbm.core;

import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.core.config.CoreSettings;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.cost.GateMode;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.offload.PriorityAdmission;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.Verification;
import io.kvbm.core.tiering.TieringOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads how tiers work together from a configuration. */
final class TieringSettings {

  private final KvbmConfig config;

  TieringSettings(KvbmConfig config) {
    this.config = config;
  }

  /**
   * {@return the options}
   *
   * @param levels the tiers there are, the fastest first
   * @param tokensPerBlock the model's
   */
  TieringOptions read(List<CacheLevel> levels, int tokensPerBlock) {
    List<WritePolicy> writes = new ArrayList<>();
    for (int upper = 0; upper + 1 < levels.size(); upper++) {
      String path =
          levels.get(upper) == CacheLevel.DEVICE
              ? CoreSettings.BELOW_DEVICE
              : CoreSettings.BELOW_HOST;
      writes.add(choice(WritePolicy.class, path));
    }
    long leastPriority = config.integer(CoreSettings.LEAST_PRIORITY).orElse(0L);
    return TieringOptions.DEFAULT
        .withWrites(writes)
        .withSightings(config.requiredInt(CoreSettings.SIGHTINGS))
        .withAdmissions(
            leastPriority <= 0
                ? List.of()
                : List.<AdmissionPolicy>of(new PriorityAdmission(leastPriority)))
        .withDemotionNanos(
            Math.max(1, config.duration(CoreSettings.DEMOTION).orElseThrow().toNanos()))
        .withVerification(choice(Verification.class, CoreSettings.VERIFICATION))
        .withGate(choice(GateMode.class, CoreSettings.COST_GATE), recompute(tokensPerBlock));
  }

  private @Nullable RecomputeCost recompute(int tokensPerBlock) {
    Optional<Long> speed = config.integer(CoreSettings.TOKENS_PER_SECOND);
    if (speed.isEmpty()) {
      if (choice(GateMode.class, CoreSettings.COST_GATE) != GateMode.OFF) {
        throw config.invalid(
            CoreSettings.COST_GATE, "it needs " + CoreSettings.TOKENS_PER_SECOND, null);
      }
      return null;
    }
    double quadratic = config.integer(CoreSettings.QUADRATIC).orElse(0L) / 1e12;
    return new RecomputeCost(speed.get(), quadratic, tokensPerBlock);
  }

  private <E extends Enum<E>> E choice(Class<E> type, String path) {
    return Enum.valueOf(type, config.string(path).orElseThrow().toUpperCase(Locale.ROOT));
  }
}
