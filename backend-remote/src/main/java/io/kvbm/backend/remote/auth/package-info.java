/** How agents prove to each other who they are. */
@NullMarked
package io.kvbm.backend.remote.auth;

import org.jspecify.annotations.NullMarked;
