package io.kvbm.testkit.disk;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class CrashOracleTest {

  private final CrashOracle<String> oracle = new CrashOracle<>();

  private void put(String key, long version, boolean durable) {
    oracle.acknowledged(oracle.tries(key, version), durable);
  }

  private static long of(Map<String, Long> found, String key) {
    return found.getOrDefault(key, CrashOracle.ABSENT);
  }

  private void assertAllowed(Map<String, Long> found) {
    oracle.assertPrefix(key -> of(found, key));
  }

  private void assertForbidden(Map<String, Long> found) {
    assertThatThrownBy(() -> assertAllowed(found)).isInstanceOf(AssertionError.class);
  }

  @Test
  void aReadGivesTheNewestThatWasAcknowledged() {
    put("a", 1, false);
    put("a", 2, false);
    oracle.assertRead("a", 2);
    assertThatThrownBy(() -> oracle.assertRead("a", 1)).isInstanceOf(AssertionError.class);
    oracle.tries("a", 3);
    oracle.assertRead("a", 2);
    oracle.assertRead("a", 3);
    oracle.refused(oracle.tries("a", 4));
    assertThatThrownBy(() -> oracle.assertRead("a", 4)).isInstanceOf(AssertionError.class);
  }

  @Test
  void afterAPowerCutNothingDurableIsLost() {
    put("a", 1, true);
    put("a", 2, false);
    oracle.assertRecovered("a", 1);
    oracle.assertRecovered("a", 2);
    assertThatThrownBy(() -> oracle.assertRecovered("a", 0)).isInstanceOf(AssertionError.class);
    oracle.assertCached("a", 0);
    oracle.synced();
    assertThatThrownBy(() -> oracle.assertRecovered("a", 1)).isInstanceOf(AssertionError.class);
    oracle.settles(_ -> 2);
    assertThatCode(() -> oracle.assertRecovered("a", 2)).doesNotThrowAnyException();
    assertThatThrownBy(() -> oracle.assertRecovered("a", 1)).isInstanceOf(AssertionError.class);
  }

  @Test
  void aPrefixHasNoHolesAndKeepsWhatWasDurable() {
    put("a", 1, false);
    put("b", 2, true);
    put("a", 3, false);
    put("b", 4, false);
    assertAllowed(Map.of("a", 1L, "b", 2L));
    assertAllowed(Map.of("a", 3L, "b", 2L));
    assertAllowed(Map.of("a", 3L, "b", 4L));
    assertForbidden(Map.of("a", 1L, "b", 4L));
    assertForbidden(Map.of("a", 1L));
    assertForbidden(Map.of());
  }

  @Test
  void whatHappensAsAWholeIsNotSeenInPart() {
    oracle.tries(Map.of("a", 1L, "b", 2L));
    assertAllowed(Map.of());
    assertAllowed(Map.of("a", 1L, "b", 2L));
    put("c", 3, true);
    assertAllowed(Map.of("c", 3L));
    assertForbidden(Map.of("a", 1L, "c", 3L));
    assertForbidden(Map.of("b", 2L, "c", 3L));
    assertForbidden(Map.of("a", 1L, "b", 2L));
    put("b", 4, false);
    assertAllowed(Map.of("a", 1L, "b", 4L, "c", 3L));
  }
}
