/** Metrics of the block manager and their binding to Micrometer. */
@NullMarked
package io.kvbm.core.metrics;

import org.jspecify.annotations.NullMarked;
