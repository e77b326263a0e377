/** The data path over UCX: one-sided reads and writes of a peer's memory. */
@NullMarked
package io.kvbm.backend.remote.ucx;

import org.jspecify.annotations.NullMarked;
