/** KV blocks in preallocated files of equal slots: found again after a restart, never wrong. */
@NullMarked
package io.kvbm.backend.disk.slab;

import org.jspecify.annotations.NullMarked;
