/**
 * Which blocks the tiers of one manager hold, and what is attached to them: one registration per
 * block, alive while any tier holds it.
 */
@NullMarked
package io.kvbm.core.registry;

import org.jspecify.annotations.NullMarked;
