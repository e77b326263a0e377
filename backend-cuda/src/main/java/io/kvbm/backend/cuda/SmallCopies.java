package io.kvbm.backend.cuda;

import java.util.Locale;

/** How a batch of many small regions is copied. */
enum SmallCopies {
  /** By a kernel from so many calls on and up to so many bytes each. */
  AUTO,
  /** By a call of the driver for each run of rows. */
  CALLS,
  /** By a kernel always, where the device reaches both ends. */
  KERNEL;

  /** Fewer calls are made sooner than a table is written. */
  private static final int MANY = 32;

  /** Longer regions are copied by the copy engines, which leave the processors alone. */
  private static final long SMALL = 64 << 10;

  /** {@return the mode a setting names; its choices were checked} */
  static SmallCopies of(String text) {
    return valueOf(text.strip().toUpperCase(Locale.ROOT));
  }

  /** {@return whether the kernel copies so many regions, of so many bytes together} */
  boolean wantsKernel(int calls, long regions, long byteSize) {
    return switch (this) {
      case AUTO -> calls >= MANY && byteSize / regions <= SMALL;
      case CALLS -> false;
      case KERNEL -> true;
    };
  }
}
