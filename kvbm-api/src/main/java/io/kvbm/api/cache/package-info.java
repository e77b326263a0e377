/** A cache of hot values in device memory. */
@NullMarked
package io.kvbm.api.cache;

import org.jspecify.annotations.NullMarked;
