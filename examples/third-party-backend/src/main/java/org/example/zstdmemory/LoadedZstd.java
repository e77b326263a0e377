package org.example.zstdmemory;

import com.github.luben.zstd.Zstd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.CodeSource;

/** Which zstd this backend really calls. */
final class LoadedZstd {

  /** Where a Zstandard frame starts. */
  private static final int MAGIC = 0xFD2FB528;

  private LoadedZstd() {}

  /**
   * {@return one line: the version of the binding, that it works, and the jar its native is from}
   */
  static String describe() {
    Module module = Zstd.class.getModule();
    String version = null;
    if (module.isNamed()) {
      version = module.getDescriptor().rawVersion().orElse(null);
    }
    CodeSource source = Zstd.class.getProtectionDomain().getCodeSource();
    String jar = source == null ? "the class path" : source.getLocation().getPath();
    if (version == null) {
      version = jar.replaceAll(".*zstd-jni-|\\.jar$", "");
    }
    return "zstd-jni %s, levels %d to %d, %s, native from %s"
        .formatted(
            version,
            Zstd.minCompressionLevel(),
            Zstd.maxCompressionLevel(),
            compresses() ? "works" : "writes no zstd frames",
            jar);
  }

  private static boolean compresses() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(64);
      MemorySegment target = arena.allocate(Zstd.compressBound(64), 4);
      long written =
          Zstd.compressUnsafe(target.address(), target.byteSize(), source.address(), 64, 1);
      return !Zstd.isError(written) && target.get(ValueLayout.JAVA_INT, 0) == MAGIC;
    }
  }
}
