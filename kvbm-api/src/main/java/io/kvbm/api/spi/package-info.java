/** What a backend author implements: the provider, the opened backend and their context. */
@NullMarked
package io.kvbm.api.spi;

import org.jspecify.annotations.NullMarked;
