/** The backend as the platform finds it, and what it is made of. */
@NullMarked
package io.kvbm.backend.remote.provider;

import org.jspecify.annotations.NullMarked;
