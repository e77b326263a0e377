/** {@code kvbm bench disk}: the disk engine beside fio. */
@NullMarked
package io.kvbm.bench.disk;

import org.jspecify.annotations.NullMarked;
