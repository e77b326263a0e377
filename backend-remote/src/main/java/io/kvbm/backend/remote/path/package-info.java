/** How bytes move between agents beside their control connection. */
@NullMarked
package io.kvbm.backend.remote.path;

import org.jspecify.annotations.NullMarked;
