/** {@code kvbm bench cache}: the device cache beside what the JDK offers. */
@NullMarked
package io.kvbm.bench.cache;

import org.jspecify.annotations.NullMarked;
