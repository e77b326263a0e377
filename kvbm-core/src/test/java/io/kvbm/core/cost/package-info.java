/** Tests of the cost gate. */
@NullMarked
package io.kvbm.core.cost;

import org.jspecify.annotations.NullMarked;
