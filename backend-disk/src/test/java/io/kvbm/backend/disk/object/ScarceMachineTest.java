package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.store.OpenMode;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.io.InlineEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores in a process that has little memory, or that may open few files. */
@Timeout(120)
class ScarceMachineTest {

  private static final int MORE_FILES = 64;

  @TempDir private Path directory;

  @Test
  void hundredsOfMebibytesPassThroughAHeapOf64() throws Exception {
    List<String> said = run("", "-Xmx64m", "memory");
    assertThat(said).singleElement().asString().startsWith("heap of ");
  }

  /**
   * A limit of 32 files, the default, is 64 descriptors; with one of 1000 only the system says when
   * there are too many. Either way files that are not in use make room.
   */
  @ParameterizedTest
  @ValueSource(ints = {32, 1000})
  void storesWorkWhere64FilesMayBeOpen(int maxOpenFiles) throws Exception {
    String counted = run("", "-Xmx128m", "count").getLast();
    assertThat(counted).startsWith("D ");
    int limit = Integer.parseInt(counted.substring(2)) + MORE_FILES;
    List<String> said =
        run("ulimit -n " + limit + " && ", "-Xmx128m", "files", String.valueOf(maxOpenFiles));
    List<String> acknowledged = said.stream().filter(line -> line.startsWith("A ")).toList();
    List<String> errors = said.stream().filter(line -> line.startsWith("E ")).toList();
    assertThat(errors).as("typed errors").isEmpty();
    assertThat(acknowledged).hasSize(ScarceProcess.FILES + ScarceProcess.RECORDS);
    String sizes = said.stream().filter(line -> line.startsWith("S ")).findFirst().orElseThrow();
    assertThat(Integer.parseInt(sizes.split(" ", -1)[1])).as("segments").isGreaterThan(100);
    assertThat(Integer.parseInt(sizes.split(" ", -1)[2])).as("objects").isGreaterThan(100);
    requireAll(acknowledged);
  }

  /** This process may open more files. */
  private void requireAll(List<String> acknowledged) {
    try (FileDisk disk = new FileDisk();
        LogObjectStore store =
            ObjectFixture.open(
                disk,
                new InlineEngine(),
                directory.resolve("store"),
                OpenMode.WRITE,
                ScarceProcess.settings(32))) {
      for (String line : acknowledged) {
        String[] words = line.split(" ", -1);
        assertThat(ObjectFixture.version(store, words[1]))
            .as(words[1])
            .isGreaterThanOrEqualTo(Long.parseLong(words[2]));
      }
    }
  }

  private List<String> run(String before, String heap, String what, String... more)
      throws Exception {
    Path output = directory.resolveSibling(directory.getFileName() + ".out");
    Path errors = directory.resolveSibling(directory.getFileName() + ".err");
    List<String> command = new ArrayList<>();
    command.addAll(List.of("bash", "-c", before + "exec \"$@\"", "bash"));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xshare:auto",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED",
            heap,
            "-cp",
            System.getProperty("java.class.path"),
            ScarceProcess.class.getName(),
            what,
            directory.toString()));
    command.addAll(List.of(more));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      assertThat(process.waitFor(90, TimeUnit.SECONDS)).as("the process ends").isTrue();
      assertThat(process.exitValue())
          .as("%s: %s", Files.readString(errors), Files.readString(output))
          .isZero();
      return Files.readAllLines(output);
    } finally {
      process.destroyForcibly();
      Files.deleteIfExists(output);
      Files.deleteIfExists(errors);
    }
  }
}
