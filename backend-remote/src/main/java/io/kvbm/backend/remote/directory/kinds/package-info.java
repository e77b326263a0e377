/** The kinds of directories, chosen by settings. */
@NullMarked
package io.kvbm.backend.remote.directory.kinds;

import org.jspecify.annotations.NullMarked;
