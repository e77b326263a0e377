/** Tests of the movement between tiers. */
@NullMarked
package io.kvbm.core.tier;

import org.jspecify.annotations.NullMarked;
