/** Tiers at work: what goes down when, what comes up by when, and what it takes. */
@NullMarked
package io.kvbm.core.tiering;

import org.jspecify.annotations.NullMarked;
