package io.kvbm.backend.remote.ucx;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Replaces a function of a loaded library for the library's own calls of it: these go by a table of
 * addresses (ELF, 64 bit), of which the entry is written. No code is changed.
 */
@SuppressWarnings("restricted")
final class LinkedFunction {

  private static final int ELF_MAGIC = 0x464c457f;
  private static final int SEGMENT_DYNAMIC = 2;
  private static final int ENTRY_STRINGS = 5;
  private static final int ENTRY_SYMBOLS = 6;
  private static final int ENTRY_CALLS = 23;
  private static final int ENTRY_CALLS_BYTE_SIZE = 2;
  private static final int CALL_BYTE_SIZE = 24;
  private static final int SYMBOL_BYTE_SIZE = 24;
  private static final int JUMP_SLOT_X86_64 = 7;
  private static final int JUMP_SLOT_AARCH64 = 1026;
  private static final int PROT_READ = 1;
  private static final int PROT_READ_WRITE = 3;

  private static final MemorySegment MEMORY =
      MemorySegment.ofAddress(0).reinterpret(Long.MAX_VALUE);

  /** A part of the process's memory. */
  private record Mapping(long from, long to, boolean isWritable, String file) {

    static Mapping parse(String line) {
      String[] words = line.split(" +", 6);
      String[] range = words[0].split("-", 2);
      return new Mapping(
          Long.parseUnsignedLong(range[0], 16),
          Long.parseUnsignedLong(range[1], 16),
          words[1].charAt(1) == 'w',
          words.length > 5 ? words[5] : "");
    }

    boolean contains(long address) {
      return address >= from && address < to;
    }
  }

  private LinkedFunction() {}

  /**
   * {@return whether calls of the function by its own library go to the replacement now}
   *
   * @param function its address
   * @param name its name
   * @param replacement where calls go
   */
  static boolean replace(long function, String name, long replacement) {
    try {
      List<Mapping> all =
          Files.readAllLines(Path.of("/proc/self/maps")).stream().map(Mapping::parse).toList();
      String file =
          all.stream().filter(m -> m.contains(function)).map(Mapping::file).findFirst().orElse("");
      long base =
          all.stream().filter(m -> m.file().equals(file)).mapToLong(Mapping::from).min().orElse(0);
      if (!file.startsWith("/") || base == 0 || MEMORY.get(JAVA_INT, base) != ELF_MAGIC) {
        return false;
      }
      long slot = slot(base, name);
      Mapping mapping = all.stream().filter(m -> m.contains(slot)).findFirst().orElse(null);
      return slot != 0 && mapping != null && write(slot, replacement, mapping);
    } catch (IOException _) {
      return false;
    }
  }

  private static boolean write(long slot, long value, Mapping mapping) {
    if (!mapping.isWritable() && !protect(mapping, PROT_READ_WRITE)) {
      return false;
    }
    MEMORY.set(JAVA_LONG, slot, value);
    return mapping.isWritable() || protect(mapping, PROT_READ);
  }

  private static boolean protect(Mapping mapping, int protection) {
    MethodHandle mprotect =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("mprotect"),
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    try {
      return (int) mprotect.invokeExact(mapping.from(), mapping.to() - mapping.from(), protection)
          == 0;
    } catch (Throwable e) {
      throw UcxLibrary.unexpected(e);
    }
  }

  private static long slot(long base, String name) {
    long dynamic = dynamic(base);
    if (dynamic == 0) {
      return 0;
    }
    long strings = pointer(base, entry(dynamic, ENTRY_STRINGS));
    long symbols = pointer(base, entry(dynamic, ENTRY_SYMBOLS));
    long calls = pointer(base, entry(dynamic, ENTRY_CALLS));
    long end = calls + entry(dynamic, ENTRY_CALLS_BYTE_SIZE);
    for (long call = calls; call < end; call += CALL_BYTE_SIZE) {
      long info = MEMORY.get(JAVA_LONG, call + 8);
      int type = (int) info;
      long symbol = symbols + (info >>> 32) * SYMBOL_BYTE_SIZE;
      long at = strings + Integer.toUnsignedLong(MEMORY.get(JAVA_INT, symbol));
      if ((type == JUMP_SLOT_X86_64 || type == JUMP_SLOT_AARCH64)
          && MEMORY.getString(at).equals(name)) {
        return base + MEMORY.get(JAVA_LONG, call);
      }
    }
    return 0;
  }

  private static long dynamic(long base) {
    long header = base + MEMORY.get(JAVA_LONG, base + 32);
    int byteSize = Short.toUnsignedInt(MEMORY.get(JAVA_SHORT, base + 54));
    int count = Short.toUnsignedInt(MEMORY.get(JAVA_SHORT, base + 56));
    for (int i = 0; i < count; i++, header += byteSize) {
      if (MEMORY.get(JAVA_INT, header) == SEGMENT_DYNAMIC) {
        return base + MEMORY.get(JAVA_LONG, header + 16);
      }
    }
    return 0;
  }

  /** {@return the value of an entry of the dynamic section, 0 if there is none} */
  private static long entry(long dynamic, int tag) {
    for (long at = dynamic; MEMORY.get(JAVA_LONG, at) != 0; at += 16) {
      if (MEMORY.get(JAVA_LONG, at) == tag) {
        return MEMORY.get(JAVA_LONG, at + 8);
      }
    }
    return 0;
  }

  /** The loader makes such values addresses, but not every loader does. */
  private static long pointer(long base, long value) {
    return value < base ? base + value : value;
  }
}
