/** Stores: key-based block stores, object stores and logs, and the media under them. */
@NullMarked
package io.kvbm.api.store;

import org.jspecify.annotations.NullMarked;
