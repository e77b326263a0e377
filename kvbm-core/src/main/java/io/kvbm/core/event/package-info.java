/**
 * Publishing of block events: which blocks a tier gained or lost, numbered, batched and kept for
 * late readers.
 */
@NullMarked
package io.kvbm.core.event;

import org.jspecify.annotations.NullMarked;
