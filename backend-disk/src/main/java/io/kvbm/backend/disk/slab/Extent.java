package io.kvbm.backend.disk.slab;

import io.kvbm.api.disk.DiskFile;

/**
 * An open extent.
 *
 * @param file the file
 * @param superblock what it says of itself
 * @param isNew whether it was made just now and holds nothing
 */
record Extent(DiskFile file, Superblock superblock, boolean isNew) {

  long fileHi() {
    return superblock.fileHi();
  }

  long fileLo() {
    return superblock.fileLo();
  }
}
