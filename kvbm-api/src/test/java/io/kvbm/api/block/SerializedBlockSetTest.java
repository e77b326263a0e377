package io.kvbm.api.block;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SerializedBlockSetTest {

  @Test
  void setsAreComparedByTheirBytes() {
    SerializedBlockSet set = new SerializedBlockSet(new byte[] {1, 2, 3});
    assertThat(set)
        .isEqualTo(new SerializedBlockSet(new byte[] {1, 2, 3}))
        .hasSameHashCodeAs(new SerializedBlockSet(new byte[] {1, 2, 3}))
        .isNotEqualTo(new SerializedBlockSet(new byte[] {1, 2, 4}))
        .hasToString("SerializedBlockSet[3 bytes]");
  }
}
