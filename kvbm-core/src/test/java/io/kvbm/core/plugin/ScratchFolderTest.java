package io.kvbm.core.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ScratchFolderTest {

  /** Makes a folder with a file, says where, and waits to be killed or told to end. */
  static final class Child {
    private Child() {}

    @SuppressWarnings("SystemOut") // The parent reads it.
    public static void main(String[] arguments) throws IOException {
      ScratchFolder folder = ScratchFolder.create();
      Files.writeString(folder.path().resolve("libx.so"), "x");
      System.out.println(folder.path());
      System.in.read();
      Runtime.getRuntime().halt(0);
    }
  }

  @Test
  void is_empty_of_its_own_and_gone_after_close() throws IOException {
    ScratchFolder one = ScratchFolder.create();
    ScratchFolder two = ScratchFolder.create();
    assertThat(one.path()).isNotEqualTo(two.path());
    assertThat(Files.getPosixFilePermissions(one.path())).hasSize(3);
    Files.writeString(one.path().resolve("libx.so"), "x");
    one.close();
    assertThat(one.path()).doesNotExist();
    assertThat(two.path()).exists();
    two.close();
  }

  @Test
  @Timeout(120)
  void what_a_killed_process_left_is_swept_and_a_live_ones_is_not() throws Exception {
    Process child =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = child.inputReader(StandardCharsets.UTF_8)) {
      Path left = Path.of(said.readLine());
      ScratchFolder.create().close();
      assertThat(left.resolve("libx.so")).exists();

      child.destroyForcibly().waitFor();
      assertThat(left.resolve("libx.so")).exists();
      ScratchFolder.create().close();
      assertThat(left).doesNotExist();
    } finally {
      child.destroyForcibly();
    }
  }
}
