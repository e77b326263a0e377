package io.kvbm.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.core.transfer.TransferEngine;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The platform over the installed system backend. */
class PlatformTransferTest {

  private static final class UnreachableStorage extends AbstractStorage {
    private UnreachableStorage(long byteSize) {
      super(StorageType.of("abacus"), 0, byteSize);
    }

    @Override
    public boolean isHostAccessible() {
      return false;
    }

    @Override
    protected Region openRegion() {
      return new Region.NullRegion(byteSize());
    }

    @Override
    protected void fill(byte value, long offset, long length) {}

    @Override
    protected void free() {}
  }

  @Test
  void oneLineGivesAndMovesStorage() {
    try (Platform platform = Platform.load();
        Storage source = platform.allocator("system").allocate(1 << 20);
        Storage larger = platform.allocator("system", BackendConfig.empty()).allocate(1 << 21);
        Storage none = platform.allocator("null").allocate(1 << 20)) {
      BytePatterns.fill(source.mutableView(), 6);
      assertThat(platform.transfer(source, larger)).isEqualTo(1 << 20);
      BytePatterns.verify(larger.view().asSlice(0, 1 << 20), 6, "copy");
      assertThat(larger.view().get(ValueLayout.JAVA_BYTE, 1 << 20)).isZero();
      assertThat(platform.transfer(source, none)).isEqualTo(1 << 20);
      assertThat(platform.transfer(none, source)).isEqualTo(1 << 20);
      BytePatterns.verifyAll(source.view(), (byte) 0, "zeros");
      assertThatThrownBy(() -> platform.transfer(larger, source))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("2097152 bytes");
    }
  }

  @Test
  void storageMadeWithoutThePlatformIsMovedToo() {
    try (Platform platform = Platform.load();
        Storage source = new HostStorage(1000);
        Storage target = new HostStorage(1000)) {
      BytePatterns.fill(source.mutableView(), 8);
      assertThat(platform.transfer(source, target)).isEqualTo(1000);
      BytePatterns.verify(target.view(), 8, "copy");
    }
  }

  @Test
  void kindsNobodyMovesHaveNoRoute() {
    try (Platform platform = Platform.load();
        Storage source = new HostStorage(10);
        Storage target = new UnreachableStorage(10)) {
      assertThat(platform.transfers().canTransfer(source.type(), target.type())).isFalse();
      assertThatThrownBy(() -> platform.transfer(source, target))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("system->abacus")
          .extracting(e -> ((KvbmException) e).code())
          .isEqualTo(ErrorCode.NO_ROUTE);
    }
  }

  @Test
  void pluginsAreFoundByName() {
    try (Platform platform = Platform.load()) {
      assertThat(platform.evictionPolicy("lru").create(4)).isNotNull();
      assertThat(platform.hashScheme("xxh3-64-v2").name()).isEqualTo("xxh3-64-v2");
      assertThat(platform.layout(LayoutType.PAGED).type()).isEqualTo(LayoutType.PAGED);
      assertThatThrownBy(() -> platform.evictionPolicy("lur"))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("lru");
      assertThatThrownBy(() -> platform.layout(new LayoutType("spiral")))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("spiral");
    }
  }

  @Test
  void anUnusedPlatformStartsNoThread() {
    List<Thread> before = List.copyOf(Thread.getAllStackTraces().keySet());
    try (Platform platform = Platform.load()) {
      assertThat(platform.backends()).extracting(BackendListing::name).contains("system");
      assertThat(platform.transfers()).isNotNull();
      assertThat(Thread.getAllStackTraces().keySet())
          .filteredOn(thread -> thread.getName().startsWith("kvbm-"))
          .allMatch(before::contains);
    }
  }

  @Test
  void afterCloseNothingMoves() {
    Platform platform = Platform.load();
    TransferEngine engine = platform.transfers();
    platform.close();
    assertThatThrownBy(platform::transfers).isInstanceOf(ClosedException.class);
    try (Storage source = new HostStorage(10);
        Storage target = new HostStorage(10)) {
      assertThatThrownBy(() -> engine.copy(source, 0, target, 0, 10))
          .isInstanceOf(ClosedException.class)
          .extracting(e -> ((KvbmException) e).code())
          .isEqualTo(ErrorCode.PROGRESS_ENGINE_SHUTDOWN);
    }
  }
}
