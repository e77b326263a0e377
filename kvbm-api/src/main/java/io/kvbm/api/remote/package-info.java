/**
 * Sharing memory and blocks between processes: agents, what they export to each other, the blocks
 * they lend, and the directory that says who holds what.
 */
@NullMarked
package io.kvbm.api.remote;

import org.jspecify.annotations.NullMarked;
