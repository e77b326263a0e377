/** How the bytes of a block are arranged in one or several storages. */
@NullMarked
package io.kvbm.api.layout;

import org.jspecify.annotations.NullMarked;
