/**
 * The engine that moves blocks: finds a direct transport or goes by host memory, bounds what is
 * queued and in flight, and gives every block exactly one outcome, however a transport behaves.
 */
@NullMarked
package io.kvbm.core.transfer;

import org.jspecify.annotations.NullMarked;
