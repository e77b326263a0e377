package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Scope;
import io.kvbm.api.spi.Finding.Status;
import io.kvbm.backend.disk.media.Mount;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server with many file systems, described by the files that Linux would have of it. */
class DirectoryDiagnosisTest {

  private static final String NVME0 = "pci0000:00/0000:00:01.0/nvme/nvme0";
  private static final String NVME1 = "pci0000:00/0000:00:02.0/nvme/nvme1";
  private static final String SATA = "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0";
  private static final String USB = "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6/6:0:0:0";
  private static final String CARD = "pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:aaaa";
  private static final String OPTIONS = FakeMachine.resource("ext4-options.txt");
  private static final FileSystemStatus ROOMY =
      new FileSystemStatus(4096, 1L << 40, 1L << 39, 1 << 20, 1 << 19, Optional.of(true));

  @TempDir Path root;
  private FakeMachine machine;

  @BeforeEach
  void describe() {
    machine =
        new FakeMachine(root)
            .mounts("mountinfo-server.txt")
            .disk("259:0", NVME0, "nvme0n1")
            .partition("259:2", NVME0, "nvme0n1", "nvme0n1p2")
            .disk("259:4", NVME1, "nvme1n1")
            .partition("259:5", NVME1, "nvme1n1", "nvme1n1p1")
            .disk("8:0", SATA, "sda")
            .partition("8:1", SATA, "sda", "sda1")
            .disk("8:16", SATA, "sdb")
            .partition("8:17", SATA, "sdb", "sdb1")
            .disk("8:32", SATA, "sdc")
            .partition("8:34", SATA, "sdc", "sdc2")
            .disk("8:48", USB, "sdd")
            .partition("8:33", USB, "sdd", "sdd1")
            .disk("179:0", CARD, "mmcblk0")
            .partition("179:1", CARD, "mmcblk0", "mmcblk0p1")
            .disk("253:0", "virtual", "dm-0")
            .stack("virtual", "dm-0", "sda1")
            .write("proc/fs/ext4/nvme1n1p1/options", OPTIONS);
    machine.write("sys/devices/" + NVME1 + "/block/nvme1n1/queue/read_ahead_kb", "1024\n");
    machine.write("sys/devices/" + CARD + "/block/mmcblk0/device/type", "SD\n");
    machine.write("etc/systemd/system/timers.target.wants/fstrim.timer", "");
  }

  private List<Finding> findings(String directory) {
    return new DirectoryDiagnosis(root).findings(Path.of(directory), Optional.of(ROOMY));
  }

  private Finding finding(String directory, String name) {
    return findings(directory).stream()
        .filter(finding -> finding.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private void assertFinding(String directory, String name, Status status, String... parts) {
    Finding finding = finding(directory, name);
    assertThat(finding.status()).as("%s", finding).isEqualTo(status);
    assertThat(finding.found() + " | " + finding.advice()).contains(parts);
  }

  @Test
  void aFileSystemSetUpAsTheSpecificationWantsNeedsNothing() {
    assertThat(findings("/mnt/nvme/kv"))
        .allSatisfy(
            finding -> {
              assertThat(finding.status()).as("%s", finding).isEqualTo(Status.OK);
              assertThat(finding.scope()).isEqualTo(Scope.DIRECTORY);
            });
    assertThat(findings("/mnt/nvme/kv"))
        .extracting(Finding::name)
        .containsExactly(
            "mount",
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
            "inodes",
            "medium",
            "scheduler",
            "read-ahead",
            "discard",
            "durability");
    assertFinding("/mnt/nvme", "mount", Status.OK, "/mnt/nvme |");
    assertFinding("/mnt/nvme", "file-system", Status.OK, "ext4 on /dev/nvme1n1p1");
    assertFinding("/mnt/nvme", "medium", Status.OK, "nvme1n1p1: NVMe", "3500 MB/s", "direct");
    assertFinding("/mnt/nvme", "space", Status.OK, "512 GiB free of 1.0 TiB");
    assertFinding("/mnt/nvme", "barrier", Status.OK, "on, ", "write back", "not recommended");
    assertFinding("/mnt/nvme", "data-mode", Status.OK, "ordered; ", "not recommended");
    assertFinding("/srv/kv", "file-system", Status.OK, "of which /kv cache is mounted");
  }

  @Test
  void whatASyncIsWorthIsSaid() {
    assertFinding("/mnt/nvme", "durability", Status.OK, "SYNCED survives a power cut");
    assertFinding(
        "/mnt/old disk",
        "durability",
        Status.HINT,
        "a crash of the system, no power cut",
        "mounted without barriers",
        "mount it with barriers");
    assertFinding(
        "/dev/shm/kv", "durability", Status.HINT, "the end of the process only", "tmpfs is memory");
  }

  @Test
  void eachOptionThatIsNotRecommendedComesWithItsCommand() {
    String at = "/mnt/old disk";
    assertFinding(at, "atime", Status.HINT, "strictatime", "remount,noatime '/mnt/old disk'");
    assertFinding(at, "delayed-allocation", Status.HINT, "off", "delalloc,data=ordered /dev/sda1");
    assertFinding(at, "data-mode", Status.HINT, "writeback: ", "data=ordered /dev/sda1");
    assertFinding(at, "barrier", Status.MISSING, "off", "remount,barrier '/mnt/old disk'");
    assertFinding(at, "commit-interval", Status.HINT, "5 s", "remount,commit=60");
    assertFinding("/var", "own-file-system", Status.HINT, "shared", "mkfs.ext4", "/dev/PARTITION");
    assertFinding("/var", "atime", Status.HINT, "relatime", "mount -o remount,noatime /;");
  }

  @Test
  void whatOnlyTheSuperblockKnowsIsUnknownAndNotFine() {
    assertFinding("/", "data-mode", Status.HINT, "unknown");
    assertFinding("/", "barrier", Status.HINT, "unknown");
    machine.write("proc/fs/ext4/nvme0n1p2/options", OPTIONS.replace("data=ordered\n", ""));
    assertFinding(
        "/", "data-mode", Status.HINT, "no journal", "rescue", "tune2fs -O has_journal /dev/nvme0");
    machine.write("proc/fs/ext4/nvme0n1p2/options", OPTIONS.replace("ordered", "journal"));
    assertFinding("/", "data-mode", Status.HINT, "written twice", "rootflags=");
    machine.write("proc/fs/ext4/nvme0n1p2/options", OPTIONS.replace("barrier", "nobarrier"));
    assertFinding("/", "barrier", Status.MISSING, "off");
    machine.write("proc/fs/ext4/nvme0n1p2/options", OPTIONS.replace("delalloc", "nodelalloc"));
    assertFinding("/", "delayed-allocation", Status.HINT, "off");
  }

  @Test
  void extentsAreOnlyThereWhereTheFileSystemSaysSo() {
    DirectoryDiagnosis diagnosis = new DirectoryDiagnosis(root);
    for (Optional<Boolean> said : List.of(Optional.of(false), Optional.<Boolean>empty())) {
      FileSystemStatus status = new FileSystemStatus(1024, 1000, 10, 100, 1, said);
      List<Finding> findings = diagnosis.findings(Path.of("/mnt/nvme"), Optional.of(status));
      assertThat(findings)
          .filteredOn(finding -> finding.status() == Status.HINT)
          .extracting(Finding::name)
          .containsExactly("block-size", "extents", "space", "inodes");
      assertThat(findings)
          .filteredOn(finding -> finding.name().equals("extents"))
          .allSatisfy(finding -> assertThat(finding.found()).startsWith("unknown"));
    }
    assertThat(diagnosis.findings(Path.of("/mnt/nvme"), Optional.empty()))
        .filteredOn(finding -> finding.found().startsWith("unknown"))
        .extracting(Finding::name)
        .containsExactly("block-size", "extents", "space", "inodes");
  }

  @Test
  void otherFileSystemsAreJudgedByWhatTheyHave() {
    assertFinding("/mnt/xfs", "file-system", Status.OK, "xfs on /dev/sdb1");
    assertFinding("/mnt/xfs", "extents", Status.OK, "every xfs");
    assertFinding("/mnt/xfs", "barrier", Status.OK, "on");
    assertFinding("/mnt/xfs", "data-mode", Status.OK, "not a setting of xfs");
    assertFinding("/mnt/xfs", "commit-interval", Status.OK, "not a setting");
    assertFinding("/mnt/xfs", "delayed-allocation", Status.OK, "on");
    assertFinding("/mnt/btrfs", "file-system", Status.HINT, "copies", "mkfs.ext4 -b 4096");
    assertFinding("/mnt/btrfs", "commit-interval", Status.HINT, "30 s");
    assertFinding("/mnt/btrfs", "medium", Status.OK, "sdc2: solid-state drive");
    assertFinding("/mnt/btrfs", "discard", Status.OK, "at once");
    assertFinding("/run/kv", "file-system", Status.HINT, "memory, gone", "backend 'system'");
    assertFinding("/run/kv", "medium", Status.OK, "tmpfs: memory");
    assertFinding("/mnt/nas", "file-system", Status.HINT, "network", "local disk");
    assertFinding("/mnt/nas", "medium", Status.OK, "nfs4: network");
    assertFinding("/mnt/nas", "atime", Status.OK, "not a setting of nfs4");
    assertFinding("/mnt/odd", "file-system", Status.HINT, "no");
    assertFinding("/mnt/odd", "barrier", Status.HINT, "unknown", "fuse.sshfs");
    assertFinding("/mnt/odd", "medium", Status.HINT, "no block device");
    assertFinding("/mnt/volume", "file-system", Status.MISSING, "read-only", "remount,rw");
  }

  @Test
  void aContainerIsToldToUseAVolume() {
    machine.mounts("mountinfo-container.txt");
    assertFinding("/work", "file-system", Status.HINT, "layer of a container", "docker run -v");
    assertFinding("/var/lib/kvbm", "file-system", Status.OK, "/docker/volumes/kv/_data");
    assertFinding("/var/lib/kvbm", "discard", Status.OK, "at once");
    assertFinding("/var/lib/kvbm", "own-file-system", Status.OK, "not the one of");
  }

  @Test
  void mediaOfTheSpecificationHaveTheirReadAhead() {
    assertFinding(
        "/", "read-ahead", Status.HINT, "128 KiB", "echo 1024 > /sys/block/nvme0n1/queue/");
    assertFinding("/mnt/card", "read-ahead", Status.HINT, "echo 0 > /sys/block/mmcblk0/queue/");
    assertFinding("/mnt/card", "medium", Status.HINT, "SD card", "UHS-II");
    machine.write("sys/devices/" + CARD + "/block/mmcblk0/device/type", "MMC\n");
    assertFinding("/mnt/card", "medium", Status.OK, "eMMC", "300 MB/s", "through the page cache");
    assertFinding("/mnt/card", "read-ahead", Status.HINT, "echo 256 > /sys/block/mmcblk0/queue/");
    assertFinding("/mnt/xfs", "read-ahead", Status.OK, "128 KiB");
  }

  @Test
  void theDiskUnderAVolumeIsTheMedium() {
    assertFinding("/mnt/volume", "medium", Status.OK, "dm-0 on sda: solid-state drive");
    machine.write("sys/devices/" + SATA + "/block/sda/queue/rotational", "1\n");
    assertFinding(
        "/mnt/volume", "medium", Status.HINT, "dm-0 on sda: rotating disk", "solid-state");
  }

  @ParameterizedTest
  @CsvSource({
    "vda, OK, virtual disk",
    "loop0, HINT, a file that serves as a disk",
    "zram0, HINT, a disk in memory",
    "nbd0, OK, solid-state drive"
  })
  void aDiskIsKnownByItsName(String name, Status status, String part) {
    machine.disk("300:0", "virtual", name);
    machine.write("proc/self/mountinfo", "1 0 300:0 / / rw - ext4 /dev/" + name + " rw\n");
    assertFinding("/", "medium", status, part);
  }

  @Test
  void aUsbDriveAndAVirtualScsiDiskAreKnownByWhereTheyHang() {
    assertFinding("/mnt/usb", "medium", Status.HINT, "a USB drive", "fio --name=kvbm");
    machine.write("sys/devices/" + SATA + "/block/sdb/device/vendor", "QEMU    \n");
    assertFinding("/mnt/xfs", "medium", Status.OK, "virtual disk");
  }

  @Test
  void queueAndDiscardHaveTheirCommands() {
    String queue = "sys/devices/" + NVME1 + "/block/nvme1n1/queue/";
    machine.write(queue + "scheduler", "none mq-deadline kyber [bfq]\n");
    assertFinding(
        "/mnt/nvme", "scheduler", Status.HINT, "echo none > /sys/block/nvme1n1/queue/scheduler");
    machine.write(queue + "scheduler", "none [mq-deadline]\n");
    assertFinding("/mnt/nvme", "scheduler", Status.OK, "mq-deadline");
    machine.write(queue + "discard_max_bytes", "0\n");
    assertFinding("/mnt/nvme", "discard", Status.OK, "no notice");
    machine.write(queue + "scheduler", "\n").write(queue + "discard_max_bytes", "?\n");
    machine.write(queue + "read_ahead_kb", "\n");
    for (String name : List.of("scheduler", "discard", "read-ahead")) {
      assertFinding("/mnt/nvme", name, Status.HINT, "unknown");
    }
  }

  @Test
  void freedBlocksNeedATimerOrAnOption(@TempDir Path other) {
    root = other; // the same server without the timer
    machine = new FakeMachine(other).mounts("mountinfo-server.txt");
    machine.disk("259:4", NVME1, "nvme1n1").partition("259:5", NVME1, "nvme1n1", "nvme1n1p1");
    assertFinding("/mnt/nvme", "discard", Status.HINT, "systemctl enable --now fstrim.timer");
  }

  @Test
  void withoutAMountTableThereIsOneFinding(@TempDir Path empty) {
    assertThat(new DirectoryDiagnosis(empty).findings(Path.of("/x"), Optional.of(ROOMY)))
        .singleElement()
        .satisfies(finding -> assertThat(finding.status()).isEqualTo(Status.HINT))
        .satisfies(finding -> assertThat(finding.found()).startsWith("unknown"));
  }

  /** What loses data in a power cut may be spoken of, and is never a command. */
  @Test
  void noAdviceAsksForWhatThePowerCutPunishes() {
    List<Finding> all = new ArrayList<>();
    for (String resource : List.of("mountinfo-server.txt", "mountinfo-container.txt")) {
      machine.mounts(resource);
      for (Mount mount :
          FakeMachine.resource(resource).lines().flatMap(l -> Mount.parse(l).stream()).toList()) {
        for (Optional<FileSystemStatus> status :
            List.of(Optional.of(ROOMY), Optional.<FileSystemStatus>empty())) {
          all.addAll(new DirectoryDiagnosis(root).findings(mount.point(), status));
        }
      }
    }
    assertThat(all).hasSizeGreaterThan(300);
    assertThat(all)
        .extracting(Finding::advice)
        .allSatisfy(
            advice ->
                assertThat(advice).doesNotContain("barrier=0", "nobarrier", "data=writeback"));
    assertThat(all)
        .extracting(Finding::found)
        .anySatisfy(
            found -> assertThat(found).contains("data=writeback of the specification is not"));
  }
}
