/** Tests of the bench command. */
@NullMarked
package io.kvbm.bench;

import org.jspecify.annotations.NullMarked;
