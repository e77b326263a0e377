/** Tests of the block registry. */
@NullMarked
package io.kvbm.core.registry;

import org.jspecify.annotations.NullMarked;
