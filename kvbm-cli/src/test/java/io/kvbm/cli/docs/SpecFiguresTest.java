package io.kvbm.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.SequenceHash;
import io.kvbm.api.event.EventManager;
import io.kvbm.api.event.NullEventManager;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.api.storage.StorageSizing;
import io.kvbm.api.store.MediaProfile;
import io.kvbm.api.store.MediaProfile.Medium;
import org.junit.jupiter.api.Test;

/** Figures that the specification gives and that are tested nowhere else. */
class SpecFiguresTest {

  private static final int KIB = 1024;

  @Test
  void theSizingExampleIsEightAndAThirdBillionBytes() {
    assertThat(StorageSizing.requiredBytes(32, 2, 16, 4096, 2, 1000)).isEqualTo(8_388_608_000L);
    assertThat(LayoutConfig.builder().build().blockByteSize() * 1000).isEqualTo(8_388_608_000L);
  }

  @Test
  void nvmeProfile() {
    MediaProfile profile = MediaProfile.defaultsFor(Medium.NVME);
    assertThat(profile.queueDepth()).isEqualTo(32);
    assertThat(profile.ioByteSize()).isEqualTo(64 * KIB);
    assertThat(profile.directIo()).isTrue();
    assertThat(profile.readAheadByteSize()).isEqualTo(1024 * KIB);
    assertThat(profile.asyncIo()).isTrue();
    assertThat(profile.sequentialReadMegabytesPerSecond()).isEqualTo(3500);
    assertThat(profile.randomReadIops()).isEqualTo(500_000);
    assertThat(profile.costPerGigabyte()).isEqualTo(0.10);
    assertThat(profile.watts()).isBetween(3.0, 5.0);
  }

  @Test
  void emmcProfile() {
    MediaProfile profile = MediaProfile.defaultsFor(Medium.EMMC);
    assertThat(profile.queueDepth()).isEqualTo(8);
    assertThat(profile.ioByteSize()).isEqualTo(32 * KIB);
    assertThat(profile.directIo()).isFalse();
    assertThat(profile.readAheadByteSize()).isEqualTo(256 * KIB);
    assertThat(profile.asyncIo()).isTrue();
    assertThat(profile.sequentialReadMegabytesPerSecond()).isEqualTo(300);
    assertThat(profile.randomReadIops()).isEqualTo(8_000);
    assertThat(profile.costPerGigabyte()).isEqualTo(0.05);
    assertThat(profile.watts()).isBetween(1.0, 2.0);
  }

  @Test
  void sdProfiles() {
    MediaProfile fast = MediaProfile.defaultsFor(Medium.SD_UHS2);
    MediaProfile slow = MediaProfile.defaultsFor(Medium.SD_UHS1);
    for (MediaProfile profile : new MediaProfile[] {fast, slow}) {
      assertThat(profile.queueDepth()).isOne();
      assertThat(profile.ioByteSize()).isEqualTo(16 * KIB);
      assertThat(profile.directIo()).isFalse();
      assertThat(profile.readAheadByteSize()).as("read-ahead is off").isZero();
      assertThat(profile.asyncIo()).isFalse();
      assertThat(profile.watts()).isLessThanOrEqualTo(1.0);
    }
    assertThat(fast.sequentialReadMegabytesPerSecond()).isEqualTo(300);
    assertThat(fast.randomReadIops()).isEqualTo(4_000);
    assertThat(fast.costPerGigabyte()).isEqualTo(0.20);
    assertThat(slow.sequentialReadMegabytesPerSecond()).isEqualTo(104);
    assertThat(slow.randomReadIops()).isEqualTo(2_000);
    assertThat(slow.costPerGigabyte()).isEqualTo(0.15);
  }

  @Test
  void theNullEventManagerTakesEveryEvent() {
    EventManager events = NullEventManager.INSTANCE;
    events.blockAllocated(1);
    events.blockRegistered(1, new SequenceHash(2));
    events.blockMatched(1, new SequenceHash(2));
    events.blockEvicted(1);
    assertThat(events).isInstanceOf(NullEventManager.class);
  }

  @Test
  void passAllAdmitsEveryBlock() {
    assertThat(AdmissionPolicy.PASS_ALL.admit(BlockKey.derived(1), 1, 0)).isTrue();
  }
}
