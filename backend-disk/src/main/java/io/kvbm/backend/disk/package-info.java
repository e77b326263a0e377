/**
 * Files as storage: the disk of this machine behind {@link io.kvbm.api.disk.Disk}, storages that
 * are scratch files, and the transport between files and host memory.
 */
@NullMarked
package io.kvbm.backend.disk;

import org.jspecify.annotations.NullMarked;
