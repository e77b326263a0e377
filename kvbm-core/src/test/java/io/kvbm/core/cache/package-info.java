/** Tests of the device cache, on host memory. */
@NullMarked
package io.kvbm.core.cache;

import org.jspecify.annotations.NullMarked;
