package io.kvbm.core.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** Each value is written as the library of the format's authors writes it. */
class MessagePackWriterTest {

  private final MessageBufferPacker oracle = MessagePack.newDefaultBufferPacker();

  @Test
  void integers_are_written_in_their_shortest_form() throws Exception {
    Random random = new Random(1);
    long[] values =
        LongStream.concat(
                LongStream.range(0, 64)
                    .flatMap(bit -> LongStream.range(-3, 4).map(near -> (1L << bit) + near)),
                random.longs(1_000))
            .flatMap(value -> LongStream.of(value, -value))
            .toArray();
    MessagePackWriter writer = new MessagePackWriter();
    for (long value : values) {
      writer.int64(value);
      oracle.packLong(value);
    }

    assertThat(writer.toByteArray()).isEqualTo(oracle.toByteArray());
  }

  @Test
  void a_number_without_a_sign_may_have_its_highest_bit() throws Exception {
    oracle.packBigInteger(BigInteger.TWO.pow(64).subtract(BigInteger.TEN));

    assertThat(new MessagePackWriter().uint64(-10).toByteArray()).isEqualTo(oracle.toByteArray());
  }

  @Test
  void lengths_are_written_in_their_shortest_form() throws Exception {
    MessagePackWriter writer = new MessagePackWriter();
    for (int length : new int[] {0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536}) {
      writer.array(length).map(length).string("ä".repeat(length)).binary(new byte[length]);
      writer.string("x".repeat(length));
      oracle.packArrayHeader(length).packMapHeader(length).packString("ä".repeat(length));
      oracle.packBinaryHeader(length).addPayload(new byte[length]);
      oracle.packString("x".repeat(length));
    }

    assertThat(writer.toByteArray()).isEqualTo(oracle.toByteArray());
  }

  @Test
  void the_other_values_are_one_form_each() throws Exception {
    oracle.packNil().packBoolean(true).packBoolean(false).packDouble(-1.5).packDouble(Double.NaN);

    assertThat(
            new MessagePackWriter()
                .nil()
                .bool(true)
                .bool(false)
                .float64(-1.5)
                .float64(Double.NaN)
                .toByteArray())
        .isEqualTo(oracle.toByteArray());
  }
}
