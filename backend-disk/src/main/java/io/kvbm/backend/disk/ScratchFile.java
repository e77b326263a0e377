package io.kvbm.backend.disk;

import io.kvbm.api.disk.DiskFile;

/**
 * A scratch file just made.
 *
 * @param file open, reserved, all zero
 * @param access how it is reached and why, for people
 */
record ScratchFile(DiskFile file, String access) {}
