/** Checks that hold for all modules together: architecture, packaging, coverage and licences. */
@NullMarked
package io.kvbm.arch;

import org.jspecify.annotations.NullMarked;
