/** The metrics interface backends and core report to. */
@NullMarked
package io.kvbm.api.metrics;

import org.jspecify.annotations.NullMarked;
