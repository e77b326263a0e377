package io.kvbm.api.store;

import io.kvbm.api.Stability;
import java.util.Objects;

/**
 * What a storage medium can do and how it wants to be used. The defaults are those of the model
 * storage specification; a backend corrects them by what it detects and measures.
 *
 * @param medium the kind of medium
 * @param sequentialReadMegabytesPerSecond sustained sequential read
 * @param randomReadIops random 4 KiB reads per second
 * @param queueDepth operations worth keeping in flight
 * @param ioByteSize the preferred length of one operation
 * @param directIo whether to bypass the page cache
 * @param readAheadByteSize how far to read ahead; 0 = not at all
 * @param asyncIo whether to submit without waiting
 * @param costPerGigabyte US dollars, 0 where unknown
 * @param watts power under load, 0 where unknown
 */
@Stability(Stability.Level.PREVIEW)
public record MediaProfile(
    Medium medium,
    int sequentialReadMegabytesPerSecond,
    int randomReadIops,
    int queueDepth,
    int ioByteSize,
    boolean directIo,
    int readAheadByteSize,
    boolean asyncIo,
    double costPerGigabyte,
    double watts) {

  private static final int KIB = 1024;
  private static final int MIB = 1024 * 1024;

  /** Kinds of media. */
  public enum Medium {
    /** NVMe solid-state drive. */
    NVME,
    /** SATA solid-state drive. */
    SATA_SSD,
    /** Embedded flash. */
    EMMC,
    /** SD card, UHS-II. */
    SD_UHS2,
    /** SD card, UHS-I. */
    SD_UHS1,
    /** Rotating disk. */
    HDD,
    /** A virtual machine's disk, whatever is under it. */
    VIRTUAL,
    /** Memory-backed file system. */
    TMPFS,
    /** A file system over the network. */
    NETWORK
  }

  /** Checks that there is a medium. */
  public MediaProfile {
    Objects.requireNonNull(medium, "medium");
  }

  /**
   * {@return what is assumed of a medium before anything was measured}
   *
   * @param medium the kind of medium
   */
  public static MediaProfile defaultsFor(Medium medium) {
    return switch (medium) {
      case NVME -> new MediaProfile(medium, 3500, 500_000, 32, 64 * KIB, true, MIB, true, 0.10, 4);
      case SATA_SSD ->
          new MediaProfile(medium, 550, 90_000, 32, 64 * KIB, true, MIB, true, 0.08, 3);
      case EMMC ->
          new MediaProfile(medium, 300, 8_000, 8, 32 * KIB, false, 256 * KIB, true, 0.05, 1.5);
      case SD_UHS2 -> new MediaProfile(medium, 300, 4_000, 1, 16 * KIB, false, 0, false, 0.20, 1);
      case SD_UHS1 -> new MediaProfile(medium, 104, 2_000, 1, 16 * KIB, false, 0, false, 0.15, 1);
      case HDD -> new MediaProfile(medium, 180, 120, 4, MIB, false, 4 * MIB, true, 0.02, 7);
      case VIRTUAL -> new MediaProfile(medium, 1000, 20_000, 32, 64 * KIB, true, MIB, true, 0, 0);
      case TMPFS -> new MediaProfile(medium, 8000, 1_000_000, 8, MIB, false, 0, false, 0, 0);
      case NETWORK -> new MediaProfile(medium, 1000, 10_000, 16, MIB, false, 4 * MIB, true, 0, 0);
    };
  }
}
