/**
 * Compression codecs. Each is a public class with a public constructor, for {@link
 * java.util.ServiceLoader}; levels come from {@link io.kvbm.api.codec.Codec#withLevel}.
 */
@NullMarked
package io.kvbm.codecs;

import org.jspecify.annotations.NullMarked;
