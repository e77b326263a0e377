/** {@code kvbm bench pool}: the block pool beside what the JDK offers. */
@NullMarked
package io.kvbm.bench.pool;

import org.jspecify.annotations.NullMarked;
