/** The engine on io_uring: the kernel's rings through the foreign function interface. */
@NullMarked
package io.kvbm.backend.disk.io.uring;

import org.jspecify.annotations.NullMarked;
