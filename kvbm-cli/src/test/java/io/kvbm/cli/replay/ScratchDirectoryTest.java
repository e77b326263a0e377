package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchDirectoryTest {

  @TempDir private Path parent;

  @Test
  void what_a_killed_run_left_behind_is_deleted_and_a_run_that_lives_is_not() throws IOException {
    ScratchDirectory killed = ScratchDirectory.create(parent);
    Files.createDirectories(killed.path().resolve("kvbm-blocks"));
    Files.writeString(killed.path().resolve("kvbm-blocks/segment"), "blocks");
    killed.owner().close(); // as the end of a process does
    Path other = Files.createDirectory(parent.resolve("kvbm-replay-of-somebody"));
    try (ScratchDirectory living = ScratchDirectory.create(parent);
        ScratchDirectory next = ScratchDirectory.create(parent)) {
      assertThat(killed.path()).doesNotExist();
      assertThat(living.path()).isDirectory();
      assertThat(next.path()).isDirectory().isNotEqualTo(living.path());
    }
    assertThat(parent)
        .isDirectoryContaining(other::equals)
        .isDirectoryNotContaining("glob:**owner");
    Files.delete(other);
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void a_parent_that_is_not_there_is_named() {
    assertThatThrownBy(() -> ScratchDirectory.create(parent.resolve("nowhere")))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("nowhere")
        .hasMessageContaining("backends.disk.dir");
  }
}
