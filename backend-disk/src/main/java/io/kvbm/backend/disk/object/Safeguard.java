package io.kvbm.backend.disk.object;

/** What keeps the store from lying. A test takes one away and must notice. */
enum Safeguard {
  /** Bytes are synced before they are acknowledged as such. */
  SYNC,
  /** Names are synced. */
  DIRECTORY_SYNC,
  /** Bodies are checked against their checksum. */
  CRC,
  /** The key beside the bytes is compared with the key that was asked for. */
  KEY_ECHO,
  /** The version beside the bytes is compared with the version that was asked for. */
  GENERATION
}
