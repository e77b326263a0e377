package io.kvbm.backend.disk;

import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Bytes in and out of storages, without a transport. */
final class TestBytes {

  private TestBytes() {}

  static byte[] of(Storage storage) {
    return switch (storage.region()) {
      case Region.HostRegion host -> host.segment().toArray(ValueLayout.JAVA_BYTE);
      case Region.FileRegion file -> {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment bytes = arena.allocate(file.byteSize(), 4096);
          AlignedIo.standalone().read(file.file(), 0, bytes);
          yield bytes.toArray(ValueLayout.JAVA_BYTE);
        }
      }
      default -> throw new AssertionError(storage);
    };
  }

  static void randomise(HostStorage storage, long seed) {
    byte[] bytes = new byte[(int) storage.byteSize()];
    new Random(seed).nextBytes(bytes);
    storage.mutableView().copyFrom(MemorySegment.ofArray(bytes));
  }
}
