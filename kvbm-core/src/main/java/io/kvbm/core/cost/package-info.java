/**
 * Whether bringing blocks up beats computing them again: what routes cost, what recomputing costs,
 * and a gate that decides.
 */
@NullMarked
package io.kvbm.core.cost;

import org.jspecify.annotations.NullMarked;
