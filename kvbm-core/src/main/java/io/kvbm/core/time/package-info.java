/**
 * Deadlines: running something at a time to come, with one thread for all of them or with none in
 * tests.
 */
@NullMarked
package io.kvbm.core.time;

import org.jspecify.annotations.NullMarked;
