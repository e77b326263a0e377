package io.kvbm.core.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessagePack;

class VllmEventEncoderTest {

  private static final long TIME_NANOS = 1_500_000_000;

  private static final List<RouterEvent> EVENTS =
      List.of(
          new RouterEvent.Stored(
              "device",
              1,
              new BlockKey(9, 3),
              List.of(new BlockKey(9, -1), new BlockKey(9, 5)),
              2,
              TokenIds.of(10, 300, 70_000, 1)),
          new RouterEvent.Stored("host", 2, null, List.of(new BlockKey(1, 7)), 2, TokenIds.NONE),
          new RouterEvent.Removed("disk", 3, List.of(new BlockKey(9, 5))),
          new RouterEvent.Cleared("device", 4));

  /** Written by hand from the specification of MessagePack and vLLM's structures. */
  private static final String GOLDEN_ARRAYS =
      "93 cb3ff8000000000000 94"
          + "98 ab426c6f636b53746f726564 92cfffffffffffffffff05 03 940acd012cce0001117001 02 c0"
          + " a3475055 c0"
          + "98 ab426c6f636b53746f726564 9107 c0 90 02 c0 a3435055 c0"
          + "93 ac426c6f636b52656d6f766564 9105 a753544f52414745"
          + "91 b0416c6c426c6f636b73436c6561726564"
          + "01";

  private static final String GOLDEN_MAPS =
      "92 cb3ff8000000000000 92"
          + "83 a474797065 ac426c6f636b52656d6f766564 ac626c6f636b5f686173686573 9105"
          + " a66d656469756d a753544f52414745"
          + "81 a474797065 b0416c6c426c6f636b73436c6561726564";

  @Test
  void events_as_arrays_are_these_bytes() {
    VllmEventEncoder encoder =
        new VllmEventEncoder(VllmEventEncoder.Form.ARRAYS, OptionalInt.of(1));

    assertThat(hex(encoder.encode(EVENTS, TIME_NANOS))).isEqualTo(GOLDEN_ARRAYS.replace(" ", ""));
  }

  @Test
  void events_as_maps_are_these_bytes_and_an_absent_rank_is_left_out() {
    VllmEventEncoder encoder =
        new VllmEventEncoder(VllmEventEncoder.Form.MAPS, OptionalInt.empty());

    assertThat(hex(encoder.encode(EVENTS.subList(2, 4), TIME_NANOS)))
        .isEqualTo(GOLDEN_MAPS.replace(" ", ""));
  }

  @Test
  void the_name_of_an_adapter_stands_where_nil_would() {
    VllmEventEncoder encoder =
        new VllmEventEncoder(
            VllmEventEncoder.Form.ARRAYS, OptionalInt.of(1), Optional.of("sql-helper"));
    String lora = "aa" + hex("sql-helper".getBytes(StandardCharsets.UTF_8));

    assertThat(hex(encoder.encode(EVENTS, TIME_NANOS)))
        .isEqualTo(
            GOLDEN_ARRAYS
                .replace("a3475055 c0", "a3475055" + lora)
                .replace("a3435055 c0", "a3435055" + lora)
                .replace(" ", ""));
  }

  @Test
  void a_reader_of_message_pack_sees_the_fields_of_vllm() throws Exception {
    VllmEventEncoder encoder = new VllmEventEncoder(VllmEventEncoder.Form.MAPS, OptionalInt.of(0));

    String json =
        MessagePack.newDefaultUnpacker(encoder.encode(EVENTS, TIME_NANOS)).unpackValue().toJson();

    assertThat(json)
        .isEqualTo(
            "[1.5,["
                + "{\"type\":\"BlockStored\",\"block_hashes\":[18446744073709551615,5],"
                + "\"parent_block_hash\":3,\"token_ids\":[10,300,70000,1],\"block_size\":2,"
                + "\"lora_id\":null,\"medium\":\"GPU\",\"lora_name\":null},"
                + "{\"type\":\"BlockStored\",\"block_hashes\":[7],\"parent_block_hash\":null,"
                + "\"token_ids\":[],\"block_size\":2,\"lora_id\":null,\"medium\":\"CPU\","
                + "\"lora_name\":null},"
                + "{\"type\":\"BlockRemoved\",\"block_hashes\":[5],\"medium\":\"STORAGE\"},"
                + "{\"type\":\"AllBlocksCleared\"}],0]");
  }

  @Test
  void a_tier_vllm_has_no_word_for_keeps_its_name() {
    assertThat(VllmEventEncoder.medium("remote")).isEqualTo("STORAGE");
    assertThat(VllmEventEncoder.medium("cxl")).isEqualTo("CXL");
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
