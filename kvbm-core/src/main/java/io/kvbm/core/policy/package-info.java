/**
 * The built-in eviction policies, their lookup by name, and the frequency sketch that admission and
 * frequency-aware policies share.
 */
@NullMarked
package io.kvbm.core.policy;

import org.jspecify.annotations.NullMarked;
