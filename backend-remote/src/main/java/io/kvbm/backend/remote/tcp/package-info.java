/** Connections between agents over TCP. */
@NullMarked
package io.kvbm.backend.remote.tcp;

import org.jspecify.annotations.NullMarked;
