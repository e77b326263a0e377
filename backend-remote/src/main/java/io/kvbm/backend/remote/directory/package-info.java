/** Who is there and who holds which blocks: what every kind of directory shares, and two kinds. */
@NullMarked
package io.kvbm.backend.remote.directory;

import org.jspecify.annotations.NullMarked;
