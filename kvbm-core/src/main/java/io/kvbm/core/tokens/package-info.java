/**
 * Token sequences, the blocks they are cut into and the schemes that name those blocks. Tokens are
 * unsigned 32-bit numbers in {@code int}s and are hashed as little-endian bytes.
 */
@NullMarked
package io.kvbm.core.tokens;

import org.jspecify.annotations.NullMarked;
