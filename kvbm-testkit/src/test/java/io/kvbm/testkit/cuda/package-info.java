/** The simulator of the CUDA driver gives what a driver gives. */
@NullMarked
package io.kvbm.testkit.cuda;

import org.jspecify.annotations.NullMarked;
