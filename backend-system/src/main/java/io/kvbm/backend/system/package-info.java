/**
 * The {@code system} backend: host memory off the Java heap, storage without bytes, and stores that
 * keep their contents in memory. Public are the provider and what a caller may make without a
 * platform.
 */
@NullMarked
package io.kvbm.backend.system;

import org.jspecify.annotations.NullMarked;
