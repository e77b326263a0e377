package io.kvbm.core.offload;

import static io.kvbm.core.offload.OffloadTiers.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdmissionTest {

  private final ManualClock clock = new ManualClock();

  private SightingAdmission sightings(int count, int expected, long decayNanos) {
    return new SightingAdmission(count, expected, decayNanos, clock);
  }

  private static boolean admits(AdmissionPolicy policy, long n) {
    return policy.admit(key(n), 1024, 0);
  }

  @Test
  void case30_theKthSightingIsAdmitted() {
    SightingAdmission policy = sightings(2, 1000, SightingAdmission.NEVER);
    assertThat(admits(policy, 1)).isFalse();
    assertThat(admits(policy, 1)).isTrue();
    assertThat(admits(policy, 1)).isTrue();
    assertThat(admits(policy, 2)).isFalse();
    assertThat(admits(sightings(1, 10, SightingAdmission.NEVER), 1)).isTrue();
  }

  @Test
  void case30_sightingsAreHalvedByTheSketchWhenThereAreMany() {
    SightingAdmission policy = sightings(2, 4, SightingAdmission.NEVER);
    for (int i = 0; i < 39; i++) {
      admits(policy, 1);
    }
    assertThat(policy.frequency(key(1))).isEqualTo(15);
    admits(policy, 1); // the 40th for 4 expected blocks
    assertThat(policy.frequency(key(1))).isEqualTo(7);
  }

  @Test
  void case30_sightingsAreHalvedWithEachPeriodUntilTheyAreGone() {
    SightingAdmission policy = sightings(2, 1000, Duration.ofMillis(250).toNanos());
    for (int i = 0; i < 4; i++) {
      admits(policy, 1);
    }
    int[] expected = {4, 2, 1, 0};
    for (int frequency : expected) {
      assertThat(policy.frequency(key(1))).isEqualTo(frequency);
      clock.advance(Duration.ofMillis(250));
    }
    admits(policy, 1);
    admits(policy, 1);
    clock.advance(Duration.ofMillis(249));
    assertThat(policy.frequency(key(1))).isEqualTo(2);
    clock.advance(Duration.ofHours(1));
    assertThat(policy.frequency(key(1))).isZero();
    assertThat(admits(policy, 1)).isFalse();
  }

  @Test
  void sightingsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> sightings(0, 10, 1)).isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> sightings(16, 10, 1)).isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> sightings(2, 10, 0)).isInstanceOf(ConfigurationException.class);
  }

  @Test
  void whatALowerTierHasIsNotAdmitted() {
    try (OffloadTiers tiers = new OffloadTiers(2, 2, 2)) {
      PresenceAdmission policy = new PresenceAdmission(List.of(tiers.host, tiers.disk));
      assertThat(admits(policy, 1)).isTrue();
      OffloadTiers.register(tiers.disk, 1).close();
      OffloadTiers.register(tiers.host, 2).close();
      OffloadTiers.register(tiers.device, 3).close();
      assertThat(admits(policy, 1)).isFalse();
      assertThat(admits(policy, 2)).isFalse();
      assertThat(admits(policy, 3)).isTrue();
    }
  }

  @Test
  void policiesAreAskedInOrderUntilTheAnswerIsCertain() {
    AdmissionPolicy yes = AdmissionPolicy.PASS_ALL;
    AdmissionPolicy no = (key, byteSize, priority) -> false;
    AdmissionPolicy unasked =
        (key, byteSize, priority) -> {
          throw new AssertionError("asked");
        };
    assertThat(admits(CombinedAdmission.allOf(List.of(yes, yes)), 1)).isTrue();
    assertThat(admits(CombinedAdmission.allOf(List.of(yes, no, unasked)), 1)).isFalse();
    assertThat(admits(CombinedAdmission.anyOf(List.of(no, yes, unasked)), 1)).isTrue();
    assertThat(admits(CombinedAdmission.anyOf(List.of(no, no)), 1)).isFalse();
    assertThat(admits(CombinedAdmission.allOf(List.of()), 1)).isTrue();
    assertThat(admits(CombinedAdmission.anyOf(List.of()), 1)).isFalse();
  }
}
