package io.kvbm.backend.disk.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IoMemoryTest {

  /** What the kernel writes of memory for which huge pages were asked. */
  private static final String ADVISED = " hg";

  @ParameterizedTest
  @ValueSource(longs = {1, 4096, 65_536, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 5_000_000})
  void isZeroAlignedAndOfTheLengthAskedFor(long byteSize) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = IoMemory.allocate(arena, byteSize);
      assertThat(memory.byteSize()).isEqualTo(byteSize);
      assertThat(memory.address() % 4096).isZero();
      if (byteSize >= Pages.ALIGNMENT) {
        assertThat(memory.address() % Pages.ALIGNMENT).isZero();
      }
      assertThat(memory.mismatch(MemorySegment.ofArray(new byte[(int) byteSize]))).isEqualTo(-1);
      memory.fill((byte) 1);
    }
  }

  @Test
  void whatTheMachineDoesNotHaveIsRefused() {
    try (Arena arena = Arena.ofShared()) {
      assertThatThrownBy(() -> IoMemory.allocate(arena, 1L << 50))
          .isInstanceOf(OutOfMemoryError.class);
    }
  }

  /** The kernel may be short of huge pages; that it was asked is what can be relied upon. */
  @Test
  void asksForHugePagesAndIsGoneWithItsArena() throws IOException {
    Path mode = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
    assumeTrue(Files.isReadable(mode), "this kernel has no huge pages on request");
    MemorySegment memory;
    try (Arena arena = Arena.ofShared()) {
      memory = IoMemory.allocate(arena, 64 << 20);
      memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
      assertThat(flagsOf(memory)).contains(ADVISED);
    }
    assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    assertThat(flagsOf(memory)).doesNotContain(ADVISED);
  }

  /** {@return the flags of the mapping that holds all of the memory; empty where none does} */
  private static String flagsOf(MemorySegment memory) throws IOException {
    long start = memory.address();
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        String[] range = line.substring(0, line.indexOf(' ')).split("-", 2);
        inside =
            Long.parseUnsignedLong(range[0], 16) <= start
                && start + memory.byteSize() <= Long.parseUnsignedLong(range[1], 16);
      } else if (inside && line.startsWith("VmFlags:")) {
        return line;
      }
    }
    return "";
  }
}
