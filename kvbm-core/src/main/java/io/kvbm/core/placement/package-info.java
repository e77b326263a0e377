/** Which kind of storage data should live in. */
@NullMarked
package io.kvbm.core.placement;

import org.jspecify.annotations.NullMarked;
