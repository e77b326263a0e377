/** What a directory lies on: its file system, its medium, and what a sync is worth there. */
@NullMarked
package io.kvbm.backend.disk.media;

import org.jspecify.annotations.NullMarked;
