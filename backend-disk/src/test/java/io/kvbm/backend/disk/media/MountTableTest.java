package io.kvbm.backend.disk.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.backend.disk.FakeMachine;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MountTableTest {

  private final MountTable server =
      MountTable.parse(FakeMachine.resource("mountinfo-server.txt").lines().toList());

  @ParameterizedTest
  @CsvSource({
    "/, /, ext4",
    "/home/user/kv, /, ext4",
    "/mnt, /, ext4",
    "/mnt/nvme, /mnt/nvme, ext4",
    "/mnt/nvme/a/b, /mnt/nvme, ext4",
    "/mnt/nvme2, /, ext4",
    "/mnt/old disk/kv, /mnt/old disk, ext4",
    "/mnt/xfs/x, /mnt/xfs, xfs",
    "/mnt/btrfs, /mnt/btrfs, btrfs",
    "/mnt/nas/models, /mnt/nas, nfs4",
    "/dev/shm/x, /dev/shm, tmpfs",
    "/run/x, /run, tmpfs"
  })
  void aPathLiesOnTheNearestMountAboveIt(String path, String point, String type) {
    Mount mount = server.of(Path.of(path)).orElseThrow();
    assertThat(mount.point()).isEqualTo(Path.of(point));
    assertThat(mount.type()).isEqualTo(type);
  }

  @Test
  void aMountOverAFolderHidesWhatWasMountedBelowIt() {
    assertThat(server.of(Path.of("/mnt/a")).orElseThrow().source()).isEqualTo("over");
    assertThat(server.of(Path.of("/mnt/a/b/c")).orElseThrow().source()).isEqualTo("over");
  }

  @Test
  void aBindMountNamesTheFolderItShows() {
    Mount bind = server.of(Path.of("/srv/kv/1")).orElseThrow();
    assertThat(bind.point()).isEqualTo(Path.of("/srv/kv"));
    assertThat(bind.root()).isEqualTo("/kv cache");
    assertThat(bind.device()).isEqualTo("259:5");

    Mount volume =
        MountTable.parse(FakeMachine.resource("mountinfo-container.txt").lines().toList())
            .of(Path.of("/var/lib/kvbm/x"))
            .orElseThrow();
    assertThat(volume.isPartial()).isTrue();
    assertThat(volume.root()).isEqualTo("/docker/volumes/kv/_data");
    assertThat(volume.device()).isEqualTo("259:5");
  }

  @Test
  void optionsOfMountAndFileSystemAreTold() {
    Mount old = server.of(Path.of("/mnt/old disk")).orElseThrow();
    assertThat(old.has("nobarrier")).isTrue();
    assertThat(old.has("noatime")).isFalse();
    assertThat(old.value("data")).contains("writeback");
    assertThat(old.value("commit")).isEmpty();
    assertThat(server.of(Path.of("/mnt/nvme")).orElseThrow().value("commit")).contains("60");
  }

  @Test
  void octalEscapesAreUndoneAndOthersStay() {
    String line = "9 1 8:1 /a\\134b /mnt/x\\040y\\011z\\012\\134 rw - ext4 /dev/a\\040b rw";
    Mount mount = Mount.parse(line).orElseThrow();
    assertThat(mount.root()).isEqualTo("/a\\b");
    assertThat(mount.point()).isEqualTo(Path.of("/mnt/x y\tz\n\\"));
    assertThat(mount.source()).isEqualTo("/dev/a b");
    assertThat(Mount.parse("9 1 8:1 /\\9 /\\04 rw - ext4 a rw").orElseThrow().root())
        .isEqualTo("/\\9");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "9 1 8:1 / /mnt rw",
        "9 1 8:1 / /mnt rw - ext4",
        "9 1 8:1 - ext4 /dev/x rw a b",
        "x 1 8:1 / /mnt rw - ext4 /dev/x rw"
      })
  void aLineThatDescribesNoMountIsPassedOver(String line) {
    assertThat(Mount.parse(line)).isEmpty();
    assertThat(MountTable.parse(List.of(line)).of(Path.of("/mnt"))).isEmpty();
  }

  @Test
  void aTableThatCannotBeReadIsEmptyAndOddBytesHideNothing(@TempDir Path folder) throws Exception {
    assertThat(MountTable.read(folder.resolve("none")).of(Path.of("/"))).isEmpty();
    Path file = folder.resolve("mountinfo");
    Files.write(
        file,
        "1 0 8:1 / / rw - ext4 /dev/x rw\n2 1 8:2 / /m\u00fcll rw - xfs /dev/y rw\n"
            .getBytes(StandardCharsets.ISO_8859_1));
    assertThat(MountTable.read(file).of(Path.of("/home")).orElseThrow().type()).isEqualTo("ext4");
  }

  @Test
  void theMountsOfThisProcessAreUnderstood(@TempDir Path folder) throws Exception {
    Path real = folder.toRealPath();
    Mount mount = MountTable.read(Path.of("/proc/self/mountinfo")).of(real).orElseThrow();
    assertThat(mount.type()).isEqualTo(Files.getFileStore(real).type());
    assertThat(mount.source()).isEqualTo(Files.getFileStore(real).name());
  }
}
