/** {@code kvbm node}: a worker that shares its tiers. */
@NullMarked
package io.kvbm.cli.node;

import org.jspecify.annotations.NullMarked;
