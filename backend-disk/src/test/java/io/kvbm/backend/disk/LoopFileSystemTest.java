package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Status;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real ext4 file systems, mounted in different ways. Needs mkfs.ext4 and the right to mount. */
class LoopFileSystemTest {

  private static final int ABSENT = -1;
  private static final long IMAGE_BYTE_SIZE = 64L << 20;

  @TempDir Path folder;
  private Path point;

  private Path image(String options) throws IOException {
    Path image = folder.resolve("image");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(IMAGE_BYTE_SIZE);
    }
    List<String> format = new ArrayList<>(List.of("mkfs.ext4", "-q", "-F"));
    format.addAll(List.of(options.split(" ")));
    format.add(image.toString());
    int status = run(format);
    RequiredTools.assumeOrFail(
        "mkfs.ext4", status != ABSENT, "mkfs.ext4 is not installed; apt-get install e2fsprogs");
    assertThat(status).as("%s", format).isZero();
    return image;
  }

  private void mount(Path image, String options) throws IOException {
    Path at = Files.createDirectories(folder.resolve("with blank"));
    RequiredTools.assumeOrFail(
        "loop-mount",
        run(List.of("mount", "-o", options, image.toString(), at.toString())) == 0,
        "mounting a file is not permitted here; run as root with loop devices");
    point = at;
  }

  @AfterEach
  void unmount() {
    if (point != null) {
      assertThat(run(List.of("umount", point.toString()))).isZero();
    }
  }

  private static int run(List<String> command) {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .onExit()
          .join()
          .exitValue();
    } catch (IOException e) {
      return ABSENT;
    }
  }

  private Map<String, Finding> findings() {
    return new DiskBackendProvider()
        .diagnose(BackendConfig.of("dir", point.toString())).stream()
            .collect(Collectors.toMap(Finding::name, finding -> finding));
  }

  @Test
  void oneAsRecommended() throws IOException {
    mount(image("-b 4096"), "loop,noatime,commit=60");
    Map<String, Finding> findings = findings();
    for (String name :
        List.of(
            "file-system",
            "block-size",
            "extents",
            "delayed-allocation",
            "atime",
            "data-mode",
            "barrier",
            "commit-interval",
            "own-file-system",
            "space",
            "inodes")) {
      assertThat(findings.get(name).status()).as("%s", findings.get(name)).isEqualTo(Status.OK);
    }
    assertThat(findings.get("mount").found()).isEqualTo(point.toRealPath().toString());
    assertThat(findings.get("medium").found()).contains("a file that serves as a disk");
    assertThat(findings.get("commit-interval").found()).isEqualTo("60 s");
  }

  @Test
  void oneThatAPowerCutDamages() throws IOException {
    mount(image("-b 4096"), "loop,data=writeback,nobarrier,nodelalloc,strictatime");
    Map<String, Finding> findings = findings();
    assertThat(findings.get("barrier").status()).isEqualTo(Status.MISSING);
    assertThat(findings.get("data-mode").found()).startsWith("writeback");
    assertThat(findings.get("delayed-allocation").status()).isEqualTo(Status.HINT);
    assertThat(findings.get("atime").found()).startsWith("strictatime");
    assertThat(findings.get("commit-interval").found()).startsWith("5 s");
    // Each advice that changes a running mount does what it says.
    for (String name : List.of("barrier", "atime", "commit-interval")) {
      String command = findings.get(name).advice().replaceFirst(";.*", "");
      assertThat(run(List.of("sh", "-c", command))).as(command).isZero();
      assertThat(findings().get(name).status()).as(command).isEqualTo(Status.OK);
    }
  }

  @Test
  void oneWithoutJournalAndExtents() throws IOException {
    mount(image("-b 1024 -O ^has_journal,^extent,^64bit"), "loop");
    Map<String, Finding> findings = findings();
    assertThat(findings.get("data-mode").found()).startsWith("no journal");
    assertThat(findings.get("extents").found()).startsWith("unknown");
    assertThat(findings.get("extents").status()).isEqualTo(Status.HINT);
    assertThat(findings.get("block-size").found()).startsWith("1024 bytes");
  }

  @Test
  void oneWhoseSuperblockTurnsTheBarrierOff() throws IOException {
    Path image = image("-b 4096");
    String defaults = "nobarrier,journal_data_writeback";
    assertThat(run(List.of("tune2fs", "-o", defaults, image.toString()))).isZero();
    mount(image, "loop");
    assertThat(Files.readAllLines(Path.of("/proc/self/mountinfo")))
        .filteredOn(line -> line.contains(folder.getFileName().toString()))
        .as("the mount table, which leaves out what is the superblock's default")
        .singleElement()
        .asString()
        .doesNotContain("barrier", "data=");
    Map<String, Finding> findings = findings();
    assertThat(findings.get("data-mode").found()).startsWith("writeback");
    assertThat(findings.get("barrier").status()).isEqualTo(Status.MISSING);
  }

  @Test
  void oneThatWritesDataTwice() throws IOException {
    mount(image("-b 4096"), "loop,data=journal");
    Map<String, Finding> findings = findings();
    assertThat(findings.get("data-mode").found()).contains("written twice");
    assertThat(findings.get("delayed-allocation").status()).isEqualTo(Status.HINT);
  }
}
