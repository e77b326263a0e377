package io.kvbm.api.hash;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HashTypesTest {

  @ParameterizedTest
  @CsvSource({"-1, 1", "0, 5", "4, 1", "1, -1", "2147483647, 1", "1, 2147483647"})
  void spanOutsideItsArrayIsRefused(int offset, int length) {
    assertRefused(
        ErrorCode.OUT_OF_BOUNDS, () -> new TokenSpan(new int[4], offset, length, 0, List.of()));
  }

  @Test
  void spanCopiesItsRuns() {
    List<MultimodalRun> runs = new ArrayList<>(List.of(new MultimodalRun(0, 1, 2)));
    TokenSpan span = new TokenSpan(new int[4], 0, 4, 0, runs);
    runs.clear();
    assertThat(span.runs()).hasSize(1);
  }

  @Test
  void saltsCompareByValue() {
    assertThat(CacheSalt.of("", "")).isEqualTo(CacheSalt.NONE);
    assertThat(CacheSalt.of("a", "")).isNotEqualTo(CacheSalt.of("", "a"));
    assertThat(CacheSalt.ofHash(0)).isNotEqualTo(CacheSalt.NONE);
    assertThat(CacheSalt.ofHash(7).raw()).isEqualTo(OptionalLong.of(7));
  }
}
