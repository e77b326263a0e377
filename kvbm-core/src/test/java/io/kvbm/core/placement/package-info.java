/** Tests of placement. */
@NullMarked
package io.kvbm.core.placement;

import org.jspecify.annotations.NullMarked;
