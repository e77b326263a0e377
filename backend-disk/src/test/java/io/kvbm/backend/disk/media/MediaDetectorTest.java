package io.kvbm.backend.disk.media;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.DurabilityClaim.Survives;
import io.kvbm.api.store.MediaProfile;
import io.kvbm.api.store.MediaProfile.Medium;
import io.kvbm.backend.disk.FakeMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Media of a machine that has them all, described by the files that Linux would have of it. */
class MediaDetectorTest {

  private static final String NVME = "pci0000:00/0000:00:02.0/nvme/nvme1";
  private static final String SATA = "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0";
  private static final String USB = "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6/6:0:0:0";
  private static final String CARD = "pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:aaaa";
  private static final String MMC = "pci0000:00/0000:00:1b.0/mmc_host/mmc1/mmc1:0001";
  private static final String HOST = "pci0000:00/0000:00:05.0/virtio2";

  private static final String MOUNTS =
      """
      1 0 259:5 / / rw,noatime - ext4 /dev/nvme0n1p1 rw
      2 1 8:0 / /ssd rw - xfs /dev/sda rw
      3 1 8:16 / /hdd rw - ext4 /dev/sdb rw
      4 1 179:0 / /card rw - ext4 /dev/mmcblk0 rw
      5 1 179:8 / /emmc rw - ext4 /dev/mmcblk1 rw
      6 1 254:0 / /virtual rw - ext4 /dev/vda rw
      7 1 0:30 / /memory rw - tmpfs tmpfs rw
      8 1 0:31 / /nas rw - nfs4 10.0.0.5:/kv rw
      9 1 8:32 / /usb rw - ext4 /dev/sdc rw
      10 1 253:0 / /volume rw - ext4 /dev/mapper/vg-kv rw
      11 1 8:0 / /unsafe rw - xfs /dev/sda rw,nobarrier
      12 1 8:16 / /through rw - ext4 /dev/sdb rw,barrier=0
      13 1 252:0 / /zram rw - ext4 /dev/zram0 rw
      14 1 7:0 / /loop rw - ext4 /dev/loop0 rw
      15 1 7:1 / /loop-in-memory rw - ext4 /dev/loop1 rw
      16 1 0:54 / /layers rw - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
      17 1 0:55 / /volatile rw - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w,volatile
      18 1 259:9 / /pmem rw - ext4 /dev/pmem0 rw
      19 1 0:60 / /odd rw - fuse.sshfs host:/x rw
      """;

  @TempDir Path root;

  @BeforeEach
  void describe() {
    new FakeMachine(root)
        .write("proc/self/mountinfo", MOUNTS)
        .disk("259:0", NVME, "nvme0n1")
        .partition("259:5", NVME, "nvme0n1", "nvme0n1p1")
        .disk("8:0", SATA, "sda")
        .disk("8:16", SATA, "sdb")
        .write("sys/devices/" + SATA + "/block/sdb/queue/rotational", "1\n")
        .write("sys/devices/" + SATA + "/block/sdb/queue/write_cache", "write through\n")
        .disk("179:0", CARD, "mmcblk0")
        .write("sys/devices/" + CARD + "/block/mmcblk0/device/type", "SD\n")
        .disk("179:8", MMC, "mmcblk1")
        .write("sys/devices/" + MMC + "/block/mmcblk1/device/type", "MMC\n")
        .disk("254:0", HOST, "vda")
        .disk("8:32", USB, "sdc")
        .disk("253:0", "virtual", "dm-0")
        .stack("virtual", "dm-0", "nvme0n1p1")
        .disk("252:0", "virtual", "zram0")
        .disk("259:9", "platform", "pmem0")
        .disk("7:0", "virtual", "loop0")
        .write("sys/devices/virtual/block/loop0/loop/backing_file", "/unsafe/image\n")
        .disk("7:1", "virtual", "loop1")
        .write("sys/devices/virtual/block/loop1/loop/backing_file", "/memory/image\n");
  }

  private MediaDescription at(String path) {
    return new MediaDetector(root).describe(Path.of(path));
  }

  @ParameterizedTest
  @CsvSource({
    "/kv, NVME, nvme0n1p1",
    "/ssd/kv, SATA_SSD, sda",
    "/hdd, HDD, sdb",
    "/card, SD_UHS1, mmcblk0",
    "/emmc, EMMC, mmcblk1",
    "/virtual, VIRTUAL, vda",
    "/memory, TMPFS, tmpfs",
    "/nas, NETWORK, nfs4",
    "/volume, NVME, dm-0 on nvme0n1"
  })
  void eachMediumIsToldAndHasItsProfile(String path, Medium medium, String device) {
    MediaDescription described = at(path);
    assertThat(described.detected()).contains(medium);
    assertThat(described.profile()).isEqualTo(MediaProfile.defaultsFor(medium));
    assertThat(described.device()).isEqualTo(device);
    assertThat(described.measurement()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"/usb, sdc", "/loop, loop0", "/zram, zram0", "/layers, overlay", "/odd, fuse.sshfs"})
  void whatHasNoProfileIsTreatedAsAVirtualDiskAndNotSaidToBeOne(String path, String device) {
    MediaDescription described = at(path);
    assertThat(described.detected()).isEmpty();
    assertThat(described.profile()).isEqualTo(MediaProfile.defaultsFor(Medium.VIRTUAL));
    assertThat(described.device()).isEqualTo(device);
  }

  @ParameterizedTest
  @CsvSource({
    "/kv, POWER_CUT, nvme0n1 keeps its word",
    "/volume, POWER_CUT, nvme0n1 keeps its word",
    "/virtual, POWER_CUT, the host of virtual disk vda",
    "/nas, POWER_CUT, the other side of nfs4",
    "/unsafe, SYSTEM_CRASH, /unsafe is mounted without barriers: the cache of sda is not flushed",
    "/through, POWER_CUT, sdb keeps its word",
    "/memory, PROCESS_END, tmpfs is memory",
    "/zram, PROCESS_END, zram0 is a disk in memory",
    "/pmem, POWER_CUT, pmem0",
    "/loop, SYSTEM_CRASH, loop0 is file /unsafe/image: /unsafe is mounted without barriers",
    "/loop-in-memory, PROCESS_END, loop1 is file /memory/image: tmpfs is memory",
    "/layers, POWER_CUT, what lies under overlay",
    "/volatile, PROCESS_END, volatile",
    "/odd, POWER_CUT, host:/x keeps its word"
  })
  void noMoreIsClaimedThanFileSystemAndDeviceKeep(String path, Survives survives, String reason) {
    DurabilityClaim claim = at(path).durability();
    assertThat(claim.survives()).as("%s", claim).isEqualTo(survives);
    assertThat(claim.text())
        .startsWith("SYNCED survives ")
        .contains(survives.text(), reason)
        .hasLineCount(1);
  }

  @Test
  void withoutAMountTableNothingIsClaimed(@TempDir Path empty) {
    MediaDescription described = new MediaDetector(empty).describe(Path.of("/kv"));
    assertThat(described.detected()).isEmpty();
    assertThat(described.device()).isEqualTo("unknown");
    assertThat(described.durability().survives()).isEqualTo(Survives.PROCESS_END);
  }

  @Test
  void aDirectoryThatIsNotThereYetLiesWhereItWillBeMade(@TempDir Path folder) throws IOException {
    Path mounted = Files.createDirectory(folder.resolve("mounted")).toRealPath();
    Path link = Files.createSymbolicLink(folder.resolve("link"), mounted);
    Path dangling = Files.createSymbolicLink(folder.resolve("later"), mounted.resolve("new"));
    String mounts = MOUNTS + "20 1 8:16 / %s rw - ext4 /dev/sdb rw%n".formatted(mounted);
    new FakeMachine(root).write("proc/self/mountinfo", mounts);
    MediaDetector detector = new MediaDetector(root);
    assertThat(detector.detect(folder).detected()).contains(Medium.NVME);
    for (Path path : new Path[] {mounted, link, link.resolve("a/b"), dangling}) {
      assertThat(detector.detect(path).detected()).as("%s", path).contains(Medium.HDD);
    }
  }

  @Test
  void measuredFiguresReplaceTheAssumedOnes() {
    MediaDescription corrected = at("/kv").correctedBy(measured(true, 2100, 88_000));
    assertThat(corrected.measurement()).isPresent();
    assertThat(corrected.profile())
        .isEqualTo(
            new MediaProfile(
                Medium.NVME, 2100, 88_000, 32, 64 << 10, true, 1 << 20, true, 0.10, 4));
    assertThat(corrected.durability()).isEqualTo(at("/kv").durability());
  }

  @Test
  void figuresOfThePageCacheCorrectOnlyThatItCannotBePassedBy() {
    MediaProfile assumed = MediaProfile.defaultsFor(Medium.NVME);
    MediaProfile corrected = at("/kv").correctedBy(measured(false, 9000, 900_000)).profile();
    assertThat(corrected.directIo()).isFalse();
    assertThat(corrected.sequentialReadMegabytesPerSecond())
        .isEqualTo(assumed.sequentialReadMegabytesPerSecond());
    assertThat(corrected.randomReadIops()).isEqualTo(assumed.randomReadIops());
    MediaProfile memory = at("/memory").correctedBy(measured(false, 9000, 900_000)).profile();
    assertThat(memory.sequentialReadMegabytesPerSecond()).isEqualTo(9000);
    assertThat(memory.randomReadIops()).isEqualTo(900_000);
  }

  @Test
  void randomReadsOfARotatingDiskStayAsAssumed() {
    MediaProfile corrected = at("/hdd").correctedBy(measured(true, 210, 9000)).profile();
    assertThat(corrected.sequentialReadMegabytesPerSecond()).isEqualTo(210);
    assertThat(corrected.randomReadIops()).isEqualTo(120);
  }

  @Test
  void aCardThatIsFasterThanUhs1CanBeIsUhs2() {
    MediaDescription slow = at("/card").correctedBy(measured(true, 104, 1500));
    assertThat(slow.detected()).contains(Medium.SD_UHS1);
    MediaDescription fast = at("/card").correctedBy(measured(true, 105, 1500));
    assertThat(fast.detected()).contains(Medium.SD_UHS2);
    assertThat(fast.profile().costPerGigabyte()).isEqualTo(0.20);
    assertThat(at("/card").correctedBy(measured(false, 5000, 1500)).detected())
        .contains(Medium.SD_UHS1);
  }

  private static MediaMeasurement measured(boolean direct, int megabytes, int iops) {
    return new MediaMeasurement(direct, megabytes, 50, iops, 800, 1 << 20, 1);
  }

  @Test
  void whatIsUnknownStaysUnknownAlsoWhenMeasured() {
    MediaDescription corrected = at("/usb").correctedBy(measured(true, 40, 300));
    assertThat(corrected.detected()).isEqualTo(Optional.empty());
    assertThat(corrected.profile().randomReadIops()).isEqualTo(300);
  }
}
