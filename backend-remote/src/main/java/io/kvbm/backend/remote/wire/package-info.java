/** What two agents say to each other, as bytes. Nothing here knows of sockets. */
@NullMarked
package io.kvbm.backend.remote.wire;

import org.jspecify.annotations.NullMarked;
