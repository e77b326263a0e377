/** Tests of event publishing. */
@NullMarked
package io.kvbm.core.prefetch;

import org.jspecify.annotations.NullMarked;
