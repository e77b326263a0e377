/** Tests of sharing between managers, over agents of one process. */
@NullMarked
package io.kvbm.core.remote;

import org.jspecify.annotations.NullMarked;
