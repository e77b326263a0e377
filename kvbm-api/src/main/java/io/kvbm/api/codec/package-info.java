/** Compression codecs, found by ServiceLoader and named in stored headers. */
@NullMarked
package io.kvbm.api.codec;

import org.jspecify.annotations.NullMarked;
