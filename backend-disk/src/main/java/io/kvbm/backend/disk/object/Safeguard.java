package io.kvbm.backend.disk.object;

/** What keeps the store from lying. A test takes one away and must notice. */
enum Safeguard {
  /** Bytes are synced before they are acknowledged as such. */
  SYNC,
  /** Names are synced. */
  DIRECTORY_SYNC,
  /** Bodies are checked against their checksum. */
  CRC,
  /** Store and key beside the bytes are compared with those that were asked for. */
  KEY_ECHO,
  /** The version beside the bytes is compared with the version that was asked for. */
  GENERATION
}
