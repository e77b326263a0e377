package io.kvbm.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.core.Platform;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The README's one line for each kind of storage. */
class StorageSnippetsTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;
  private Platform platform;

  @BeforeEach
  void load() {
    platform = Platform.load();
  }

  @AfterEach
  void close() {
    platform.close();
  }

  @Test
  void systemMemory() {
    try (Storage storage = platform.allocator("system").allocate(1 << 20)) {
      storage.memset(0, 0, storage.byteSize());
      storage.memset(255, 1000, 100);
      MemorySegment bytes = storage.view();
      assertThat(storage.type()).isEqualTo(StorageType.SYSTEM);
      assertThat(bytes.byteSize()).isEqualTo(MIB);
      assertThat(bytes.get(ValueLayout.JAVA_BYTE, 999)).isZero();
      assertThat(bytes.get(ValueLayout.JAVA_BYTE, 1099)).isEqualTo((byte) 255);
      assertThat(bytes.isReadOnly()).isTrue();
    }
  }

  @Test
  void disk() {
    BackendConfig config = BackendConfig.of("dir", folder.toString());
    try (Storage storage = platform.allocator("disk", config).allocate(1 << 20)) {
      assertThat(storage.type().isDisk()).isTrue();
      assertThat(storage.type().toString()).matches("disk\\(\\d+\\)");
      assertThat(storage.address()).isZero();
      assertThat(storage.byteSize()).isEqualTo(MIB);
      assertThat(folder).isNotEmptyDirectory();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void nothing() {
    try (Storage storage = platform.allocator("null").allocate(1 << 20)) {
      assertThat(storage.type()).isEqualTo(StorageType.NULL);
      assertThat(storage.byteSize()).isEqualTo(MIB);
      assertThat(storage.isHostAccessible()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"optane", "cxl"})
  void aKindWithoutItsJarSaysWhatIsInstalled(String kind) {
    assertThatThrownBy(() -> platform.allocator(kind).allocate(1 << 20))
        .isInstanceOfSatisfying(
            ConfigurationException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.BACKEND_UNAVAILABLE))
        .hasMessageContaining("'" + kind + "'")
        .hasMessageContaining("system")
        .hasMessageContaining("disk")
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"system", "disk", "null", "device", "pinned", "remote"})
  void theReadmeHasALineForEachKind(String kind) {
    String settings = kind.equals("disk") ? ", config" : "";
    assertThat(Repository.text("README.md"))
        .contains("platform.allocator(\"" + kind + "\"" + settings + ").allocate(1 << 20);");
  }

  @Test
  void anyTwoStoragesInOneCall() {
    BackendConfig config = BackendConfig.of("dir", folder.toString());
    StorageAllocator memory = platform.allocator("system");
    try (Storage source = memory.allocate(1 << 20);
        Storage file = platform.allocator("disk", config).allocate(1 << 20);
        Storage target = memory.allocate(1 << 20)) {
      source.memset(7, 0, source.byteSize());
      assertThat(platform.transfer(source, file)).isEqualTo(MIB);
      assertThat(platform.transfer(file, target)).isEqualTo(MIB);
      assertThat(target.view().mismatch(source.view())).isEqualTo(-1);
    }
  }

  @Test
  void objectStoreAndLogInMemory() {
    BackendConfig none = BackendConfig.empty();
    MemorySegment value = MemorySegment.ofArray("value".getBytes(StandardCharsets.UTF_8));
    try (ObjectStore store = platform.objectStore("system", none, "objects", OpenMode.WRITE);
        Log log = platform.log("system", none, "log")) {
      store.put("key", value, PutOptions.DEFAULT);
      assertThat(store.getBytes("key")).hasValue("value".getBytes(StandardCharsets.UTF_8));
      assertThat(log.nextSequence()).isEqualTo(1);
    }
  }

  @Test
  void errorsAreOneLineAndTyped() {
    try (Storage storage = platform.allocator("system").allocate(1024)) {
      assertThatThrownBy(() -> storage.memset(0, 1000, 100))
          .isInstanceOfSatisfying(
              KvbmException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_BOUNDS))
          .hasMessageContaining("1024")
          .hasMessageNotContaining("\n");
    }
  }
}
