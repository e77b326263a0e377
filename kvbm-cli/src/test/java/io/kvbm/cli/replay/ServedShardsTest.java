package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import io.kvbm.cli.console.Console;
import io.kvbm.core.Platform;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A worker notices every shard that is not what its leader takes it for. */
class ServedShardsTest {

  private static final int SLOTS = 4;

  @Test
  void aShardThatIsAnotherBlocksOrAnothersOrDamagedIsNamed() {
    try (Platform platform = Platform.load();
        Storage memory = platform.allocator("system").allocate((SLOTS + 1) * 4096L)) {
      Layout layout =
          platform
              .layout(LayoutType.FULLY_CONTIGUOUS)
              .bind(BlockShape.ofByteSize(4096).layout(SLOTS, 4096), List.of(memory));
      ServedShards mine = served(0, layout);
      ServedShards others = served(1, layout);
      String one = ServedShards.word(0, 0xfeed_0000_0000_0001L);
      String two = ServedShards.word(3, -2);

      assertThat(ask(mine, "fill", one, two)).isEqualTo("filled");
      assertThat(ask(mine, "check", one, two)).isEqualTo("checked");
      assertThat(ask(mine, "check", two, ServedShards.word(0, 5))).isEqualTo("checked 1");
      assertThat(ask(others, "check", one, two)).isEqualTo("checked 0 1");
      long at = layout.offset(3, 0, 0) + 4095;
      byte last = memory.mutableView().get(ValueLayout.JAVA_BYTE, at);
      memory.mutableView().set(ValueLayout.JAVA_BYTE, at, (byte) (last ^ 1));
      assertThat(ask(mine, "check", one, two)).isEqualTo("checked 1");
      assertThat(ServedShards.places("0 12")).containsExactly(0, 12);
      assertThat(ServedShards.places("")).isEmpty();
    }
  }

  private static ServedShards served(int rank, Layout layout) {
    ByteArrayOutputStream nobody = new ByteArrayOutputStream();
    return new ServedShards(
        rank, layout, new Console(nobody, nobody, StandardCharsets.UTF_8, false));
  }

  private static String ask(ServedShards worker, String... words) {
    return worker.answer(words);
  }
}
