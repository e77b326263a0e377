/** {@code kvbm bench store}: the object store on disk beside RocksDB and LMDB. */
@NullMarked
package io.kvbm.bench.store;

import org.jspecify.annotations.NullMarked;
