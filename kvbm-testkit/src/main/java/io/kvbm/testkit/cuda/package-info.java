/** A simulator of the CUDA driver, for tests on machines without a GPU. */
@NullMarked
package io.kvbm.testkit.cuda;

import org.jspecify.annotations.NullMarked;
