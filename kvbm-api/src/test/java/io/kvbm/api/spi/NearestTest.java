package io.kvbm.api.spi;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class NearestTest {

  private static final List<String> NAMES = List.of("system", "disk", "cuda", "remote");

  @Test
  void findsTheSmallestEditDistance() {
    assertThat(Nearest.to("dsik", NAMES)).isEqualTo("disk");
    assertThat(Nearest.to("sytem", NAMES)).isEqualTo("system");
    assertThat(Nearest.to("CUDA", NAMES)).isEqualTo("cuda");
    assertThat(Nearest.to("remotes", NAMES)).isEqualTo("remote");
    assertThat(Nearest.to("", List.of("abc", "ab"))).isEqualTo("ab");
  }

  @Test
  void caseIsComparedTheSameInEveryLanguage() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("tr"));
      assertThat(Nearest.to("DISK", List.of("dusk", "disk"))).isEqualTo("disk");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void equalDistancesAreDecidedByName() {
    assertThat(Nearest.to("b", List.of("c", "a"))).isEqualTo("a");
  }

  @Test
  void aNameThatIsFarFromAllIsNotGuessed() {
    assertThat(Nearest.similarTo("dsik", List.of("disk", "system"))).contains("disk");
    assertThat(Nearest.similarTo("cuda", List.of("null", "system"))).isEmpty();
    assertThat(Nearest.similarTo("x", List.of())).isEmpty();
  }

  @Test
  void nothingToChooseFromIsRefused() {
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> Nearest.to("x", List.of()));
  }

  @Test
  void spiVersionsAreComparedByMajorAndMinor() {
    assertThat(new SpiVersion(Spi.MAJOR, Spi.MINOR).isSupported()).isTrue();
    assertThat(new SpiVersion(Spi.MAJOR, Spi.MINOR + 1).isSupported()).isFalse();
    assertThat(new SpiVersion(Spi.MAJOR + 1, 0).isSupported()).isFalse();
    assertThat(new SpiVersion(Spi.MAJOR - 1, 0).isSupported()).isFalse();
    assertThat(new SpiVersion(1, 0)).hasToString("1.0");
  }
}
