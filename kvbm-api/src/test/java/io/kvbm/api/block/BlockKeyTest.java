package io.kvbm.api.block;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BlockKeyTest {

  @Test
  void sequenceHashIsLittleEndian() {
    SequenceHash hash = new SequenceHash(0x0807060504030201L);
    assertThat(hash.asBytes()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(SequenceHash.of(hash.asBytes())).isEqualTo(hash);
    SequenceHash negative = new SequenceHash(-2);
    assertThat(negative.asBytes()).containsExactly(-2, -1, -1, -1, -1, -1, -1, -1);
    assertThat(SequenceHash.of(negative.asBytes())).isEqualTo(negative);
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> SequenceHash.of(new byte[7]));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> SequenceHash.of(new byte[9]))
        .hasMessageContaining("9");
  }

  @Test
  void hashesAndKeysAreUnsigned() {
    assertThat(new SequenceHash(-1)).isGreaterThan(new SequenceHash(1));
    assertThat(new SequenceHash(-1)).hasToString("18446744073709551615");
    assertThat(Stream.of(new BlockKey(-1, 0), new BlockKey(1, -1), new BlockKey(1, 1)).sorted())
        .containsExactly(new BlockKey(1, 1), new BlockKey(1, -1), new BlockKey(-1, 0));
    assertThat(new BlockKey(10, -1)).hasToString("000000000000000affffffffffffffff");
  }

  @Test
  void derivedKeysNeverChange() {
    BlockKey key = BlockKey.derived(-3803038269031200164L);
    assertThat(key.lo()).isEqualTo(-3803038269031200164L);
    assertThat(key).isEqualTo(BlockKey.derived(new SequenceHash(-3803038269031200164L)));
    assertThat(key.sequenceHash()).isEqualTo(new SequenceHash(-3803038269031200164L));
    assertThat(Stream.of(0L, 1L, -1L).map(BlockKey::derived).map(BlockKey::toString))
        .containsExactly(
            "c1b2082c8c7144b70000000000000000",
            "cb2e1a5f2c450dea0000000000000001",
            "ee8bbef93cb2216effffffffffffffff");
    Set<Long> digests = new HashSet<>();
    for (long hash = 0; hash < 10_000; hash++) {
      digests.add(BlockKey.derived(hash).hi());
    }
    assertThat(digests).hasSize(10_000);
  }

  @Test
  void basicMetadataKeepsPriorityAndTicks() {
    BasicMetadata metadata = new BasicMetadata(7);
    metadata.onAcquired(3);
    metadata.onReturned(9);
    assertThat(List.of(metadata.acquiredTick(), metadata.returnedTick())).containsExactly(3L, 9L);
    assertThat(metadata.priority()).isEqualTo(7);
    assertThat(metadata.offloadPriority()).hasValue(7);
    metadata.setPriority(8);
    assertThat(metadata.offloadPriority()).hasValue(8);
    assertThat(metadata.reset().priority()).isZero();
  }
}
