package io.kvbm.backend.remote.directory;

import static io.kvbm.backend.remote.directory.Notes.await;
import static io.kvbm.backend.remote.directory.Notes.member;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.directory.kinds.Directories;
import io.kvbm.testkit.TestContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StaticDirectoryTest {

  private final TestContext context = new TestContext();
  private final List<BlockKey> keys = List.of(BlockKey.derived(1));
  @TempDir Path folder;

  @AfterEach
  void close() {
    context.close();
  }

  private BlockDirectory join(String text, Notes notes) throws Exception {
    Path file = Files.writeString(folder.resolve("members"), text);
    return Directories.open(
            context,
            BackendConfig.of("directoryFile", file.toString()).with("directoryCheck", "5ms"))
        .get(1)
        .join(member("a", 1), notes);
  }

  /**
   * In one step: written in place, a file is empty for a moment, which says that there is nobody.
   */
  private void replace(String text) throws Exception {
    Path next = Files.writeString(folder.resolve("members.next"), text);
    Files.move(next, folder.resolve("members"), StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void membersOfTheFingerprintAreToBeAskedAndAChangedFileIsReadAgain() throws Exception {
    Notes notes = new Notes();
    String text =
        """
        # name generation endpoints worker fingerprint
        a * tcp://10.0.0.1:7410 0 7
        b 5 tcp://10.0.0.2:7410,ucx://10.0.0.2:7411 1 7   # two ways
        c * tcp://10.0.0.3:7410 2 *
        """;
    try (BlockDirectory directory = join(text, notes)) {
      assertThat(directory.holders(7, keys, 0))
          .extracting(h -> h.member().agent().name() + h.blocks())
          .containsExactly("b0", "c0");
      assertThat(directory.holders(8, keys, 0))
          .extracting(h -> h.member().agent().name() + h.member().fingerprint())
          .containsExactly("c8");
      replace("b 6 tcp://10.0.0.2:7410 1 7\n");
      await("a new b alone", () -> directory.members().size() == 1);
      replace("nothing of the kind\n");
      await("the failure", () -> directory.statistics().failures() == 1);
      assertThat(directory.members()).as("the former are kept").hasSize(1);
      await("told", () -> notes.lines().getLast().equals("lost"));
    }
    assertThat(notes.lines()).containsExactly("+b/5", "+c/0", "-b/5", "-c/0", "+b/6", "lost");
  }

  @Test
  void whatIsWrongIsSaidWithItsLine() {
    assertThatThrownBy(() -> join("\nb x tcp://h:1 1 7\n", new Notes()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("line 2: generation 'x'");
    assertThatThrownBy(() -> join("b 1 h:1 1 7\n", new Notes()))
        .hasMessageContaining("line 1: endpoint 'h:1'");
    assertThatThrownBy(() -> join("b 1 tcp://h:1 1 7\nb 1 tcp://h:1 1 7\n", new Notes()))
        .hasMessageContaining("line 2");
  }
}
