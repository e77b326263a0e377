package io.kvbm.core.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import org.junit.jupiter.api.Test;

class LayoutsTest {

  @Test
  void builtInsAreTheFourTypesAndAreFoundByType() {
    assertThat(Layouts.builtIn())
        .extracting(LayoutProvider::type)
        .containsExactly(
            LayoutType.FULLY_CONTIGUOUS,
            LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS,
            LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS,
            LayoutType.PAGED);
    for (LayoutProvider provider : Layouts.builtIn()) {
      assertThat(Layouts.of(provider.type())).isSameAs(provider);
    }
  }

  @Test
  void unknownTypeListsTheKnownOnes() {
    assertThatThrownBy(() -> Layouts.of(new LayoutType("spiral")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(
            "spiral",
            "fully-contiguous",
            "layer-separate-outer-contiguous",
            "layer-separate-block-contiguous",
            "paged");
  }

  @Test
  void flavourIsDetectedFromTheTensorShape() {
    assertThat(Layouts.detectLayerSeparate(7, 7, 2, 4, 13))
        .isEqualTo(LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS);
    assertThat(Layouts.detectLayerSeparate(7, 2, 7, 4, 13))
        .isEqualTo(LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS);
    assertThat(Layouts.detectLayerSeparate(2, 2, 7))
        .as("the first dimension wins")
        .isEqualTo(LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS);
    for (long[] shape : new long[][] {{2, 6, 8}, {6}, {}}) {
      assertThatThrownBy(() -> Layouts.detectLayerSeparate(7, shape))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("7 blocks");
    }
  }
}
