/** An object store in one log: what is written is where it stays. */
@NullMarked
package io.kvbm.backend.disk.object;

import org.jspecify.annotations.NullMarked;
