/**
 * The platform: finds the backends that are installed, opens them and lends them threads, time and
 * metrics.
 */
@NullMarked
package io.kvbm.core;

import org.jspecify.annotations.NullMarked;
