/** Tests of the metrics. */
@NullMarked
package io.kvbm.core.metrics;

import org.jspecify.annotations.NullMarked;
