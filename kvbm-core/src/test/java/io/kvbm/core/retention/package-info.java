/** Tests of retention. */
@NullMarked
package io.kvbm.core.retention;

import org.jspecify.annotations.NullMarked;
