/** Tests of leaders and workers. */
@NullMarked
package io.kvbm.core.logical;

import org.jspecify.annotations.NullMarked;
