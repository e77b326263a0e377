/** Tests of {@code io.kvbm.cli.settings}. */
@NullMarked
package io.kvbm.cli.settings;

import org.jspecify.annotations.NullMarked;
