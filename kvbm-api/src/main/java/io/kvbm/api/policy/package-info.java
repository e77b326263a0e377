/** Decisions that can be replaced: eviction, admission, placement and prediction. */
@NullMarked
package io.kvbm.api.policy;

import org.jspecify.annotations.NullMarked;
