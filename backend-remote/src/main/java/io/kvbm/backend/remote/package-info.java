/** Agents, transports, directories and the object store of the remote backend. */
@NullMarked
package io.kvbm.backend.remote;

import org.jspecify.annotations.NullMarked;
