/** Tests of deadlines. */
@NullMarked
package io.kvbm.core.time;

import org.jspecify.annotations.NullMarked;
