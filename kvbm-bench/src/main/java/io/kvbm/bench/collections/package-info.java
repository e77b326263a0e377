/** {@code kvbm bench collections}: each use of Agrona beside the JDK's own. */
@NullMarked
package io.kvbm.bench.collections;

import org.jspecify.annotations.NullMarked;
