/** Engines that read and write files: what runs an operation, and on which threads. */
@NullMarked
package io.kvbm.backend.disk.io;

import org.jspecify.annotations.NullMarked;
