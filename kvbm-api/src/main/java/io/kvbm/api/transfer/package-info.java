/** Transfers between storages: routes, batches, transports and their completion. */
@NullMarked
package io.kvbm.api.transfer;

import org.jspecify.annotations.NullMarked;
