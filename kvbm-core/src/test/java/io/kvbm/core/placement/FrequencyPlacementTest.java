package io.kvbm.core.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.policy.PlacementPolicy;
import io.kvbm.api.policy.PlacementPolicy.Placement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrequencyPlacementTest {

  private static final List<String> ALL = List.of("device", "pinned", "system", "disk", "remote");

  private final PlacementPolicy policy = PlacementPolicies.of("by-frequency");

  @ParameterizedTest
  @CsvSource({
    "1.0,  0,          device",
    "0.81, 1073741824, device",
    "0.8,  1048576,    pinned",
    "0.31, 104857599,  pinned",
    "0.31, 104857600,  disk",
    "0.3,  1,          disk",
    "0.0,  0,          disk",
  })
  void placesAsTheSpecificationSays(double frequency, long byteSize, String expected) {
    Placement placement = policy.place(frequency, byteSize, ALL);
    assertThat(placement.storageKind()).isEqualTo(expected);
    assertThat(placement.isFallback()).isFalse();
    assertThat(placement.reason()).contains(Double.toString(frequency));
  }

  @ParameterizedTest
  @CsvSource({
    "0.9, 'pinned,system,disk', pinned,  device",
    "0.9, 'system,disk',        system,  device",
    "0.5, 'device,system,disk', system,  pinned",
    "0.5, 'device,disk',        disk,    pinned",
    "0.5, 'device',             device,  pinned",
    "0.1, 'device,pinned',      pinned,  disk",
    "0.1, 'device,remote',      remote,  disk",
    "0.9, 'cxl,tape',           tape,    device",
  })
  void anAbsentKindFallsToTheNextAndTheAnswerSaysSo(
      double frequency, String present, String expected, String preferred) {
    Placement placement = policy.place(frequency, 4096, List.of(present.split(",")));
    assertThat(placement.storageKind()).isEqualTo(expected);
    assertThat(placement.preferred()).isEqualTo(preferred);
    assertThat(placement.isFallback()).isTrue();
    assertThat(placement.reason()).contains("there is no " + preferred).contains(expected);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
  void aFrequencyThatIsNoneIsRefused(double frequency) {
    assertThatThrownBy(() -> policy.place(frequency, 1, ALL)).isInstanceOf(CallerException.class);
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThatThrownBy(() -> policy.place(0.5, -1, ALL)).isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> policy.place(0.5, 1, List.of())).isInstanceOf(CallerException.class);
    assertThat(PlacementPolicies.names()).containsExactly("by-frequency");
    assertThatThrownBy(() -> PlacementPolicies.of("by-luck"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("by-frequency");
  }
}
