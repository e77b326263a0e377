package io.kvbm.backend.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineMemoryTest {

  @TempDir Path proc;
  @TempDir Path groups;

  @BeforeEach
  void machineOf1000Kibibytes() throws IOException {
    write(proc.resolve("meminfo"), "MemTotal:  1000 kB\nMemFree: 5 kB\nMemAvailable:  600 kB\n");
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private MachineMemory machine() {
    return new MachineMemory(proc, groups);
  }

  @Test
  void withoutGroupsTheMachineCounts() {
    assertThat(machine().totalByteSize()).isEqualTo(1000 * 1024);
    assertThat(machine().availableByteSize()).isEqualTo(600 * 1024);
  }

  @Test
  void aGroupLimitsWithoutWhatItsPageCacheHolds() throws IOException {
    write(proc.resolve("self/cgroup"), "0::/app\n");
    write(groups.resolve("app/memory.max"), "400000\n");
    write(groups.resolve("app/memory.current"), "300000\n");
    write(groups.resolve("app/memory.stat"), "anon 5\ninactive_file 40000\nactive_file 10000\n");
    assertThat(machine().totalByteSize()).isEqualTo(400_000);
    assertThat(machine().availableByteSize()).isEqualTo(150_000);
  }

  @Test
  void theGroupsAboveLimitToo() throws IOException {
    write(proc.resolve("self/cgroup"), "0::/outer/inner\n");
    write(groups.resolve("outer/inner/memory.max"), "max\n");
    write(groups.resolve("outer/memory.max"), "200000\n");
    write(groups.resolve("outer/memory.current"), "250000\n");
    assertThat(machine().totalByteSize()).isEqualTo(200_000);
    assertThat(machine().availableByteSize()).isZero();
  }

  @Test
  void theOlderInterfaceIsReadToo() throws IOException {
    write(proc.resolve("self/cgroup"), "3:cpu:/x\n2:memory:/app\n1:name=systemd:/\n");
    write(groups.resolve("memory/app/memory.limit_in_bytes"), "300000\n");
    write(groups.resolve("memory/app/memory.usage_in_bytes"), "100000\n");
    write(groups.resolve("memory/app/memory.stat"), "total_inactive_file 50000\n");
    assertThat(machine().totalByteSize()).isEqualTo(300_000);
    assertThat(machine().availableByteSize()).isEqualTo(250_000);
  }

  @Test
  void whatCannotBeReadDoesNotLimit() throws IOException {
    Files.delete(proc.resolve("meminfo"));
    write(proc.resolve("self/cgroup"), "0::/../../etc\nnonsense\n0::\n");
    assertThat(machine().totalByteSize()).isEqualTo(MachineMemory.UNKNOWN);
    assertThat(machine().availableByteSize()).isEqualTo(MachineMemory.UNKNOWN);
  }
}
