/** {@code kvbm store}: an object store from the command line. */
@NullMarked
package io.kvbm.cli.store;

import org.jspecify.annotations.NullMarked;
