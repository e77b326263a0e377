package io.kvbm.backend.disk;

import java.nio.file.Path;

/** The commands that are printed for the user; none is ever run. */
final class Advice {

  /** A file system as the specification wants it, without what loses data in a power cut. */
  static final String NEW_FILE_SYSTEM =
      "make one on an empty partition, which erases it: mkfs.ext4 -b 4096 /dev/PARTITION"
          + " && mount -o noatime,commit=60 /dev/PARTITION /mnt/kvbm";

  private Advice() {}

  /** {@return the command that changes a mount option now, and where to keep it} */
  static String remount(Path point, String option) {
    return "mount -o remount,%s %s; for good put %s into /etc/fstab"
        .formatted(option, quote(point.toString()), option);
  }

  /** {@return a text as one word of a shell} */
  static String quote(String text) {
    return text.matches("[\\w/.,:@%+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
