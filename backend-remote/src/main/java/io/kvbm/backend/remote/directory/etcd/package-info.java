/** A directory in etcd: records under leases, a local copy that follows them. */
@NullMarked
package io.kvbm.backend.remote.directory.etcd;

import org.jspecify.annotations.NullMarked;
