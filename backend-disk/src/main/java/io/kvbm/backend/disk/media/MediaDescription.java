package io.kvbm.backend.disk.media;

import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.MediaProfile;
import io.kvbm.api.store.MediaProfile.Medium;
import java.util.Optional;

/**
 * What a directory lies on.
 *
 * @param detected the medium as the kernel tells it; empty where it tells none that has a profile
 * @param profile how to work with it; where no medium was detected, that of a virtual disk
 * @param device what the kernel calls the device, or the type of a file system without one
 * @param durability what a synced write survives there
 * @param measurement what a probe found, if there was one
 */
public record MediaDescription(
    Optional<Medium> detected,
    MediaProfile profile,
    String device,
    DurabilityClaim durability,
    Optional<MediaMeasurement> measurement) {

  /** What a card of the first generation cannot do, by its specification. */
  private static final int UHS1_MEGABYTES_PER_SECOND = 104;

  /**
   * {@return this description with the measured figures in place of the assumed ones}
   *
   * <p>Figures of the page cache correct nothing, but that direct access is not there; only of
   * memory they are the truth. A file of a few megabytes says nothing about the random reads of a
   * rotating disk, which stay as assumed. A card that reads faster than UHS-I can is UHS-II.
   *
   * @param measured what a probe found
   */
  public MediaDescription correctedBy(MediaMeasurement measured) {
    MediaProfile base = profile;
    boolean isTrue = measured.isDirect() || profile.medium() == Medium.TMPFS;
    if (isTrue
        && profile.medium() == Medium.SD_UHS1
        && measured.sequentialReadMegabytesPerSecond() > UHS1_MEGABYTES_PER_SECOND) {
      base = MediaProfile.defaultsFor(Medium.SD_UHS2);
    }
    MediaProfile corrected =
        new MediaProfile(
            base.medium(),
            isTrue
                ? measured.sequentialReadMegabytesPerSecond()
                : base.sequentialReadMegabytesPerSecond(),
            isTrue && base.medium() != Medium.HDD
                ? measured.randomReadIops()
                : base.randomReadIops(),
            base.queueDepth(),
            base.ioByteSize(),
            base.directIo() && measured.isDirect(),
            base.readAheadByteSize(),
            base.asyncIo(),
            base.costPerGigabyte(),
            base.watts());
    return new MediaDescription(
        detected.map(_ -> corrected.medium()),
        corrected,
        device,
        durability,
        Optional.of(measured));
  }
}
