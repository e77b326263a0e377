/** Storage types, storages, regions and allocators. */
@NullMarked
package io.kvbm.api.storage;

import org.jspecify.annotations.NullMarked;
