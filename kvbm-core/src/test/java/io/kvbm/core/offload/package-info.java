/** Tests of offload in the background. */
@NullMarked
package io.kvbm.core.offload;

import org.jspecify.annotations.NullMarked;
