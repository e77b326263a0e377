/** Tests of {@code io.kvbm.cli.replay}. */
@NullMarked
package io.kvbm.cli.replay;

import org.jspecify.annotations.NullMarked;
