/** Errors, cancellation and stability marks shared by every package of the API. */
@NullMarked
package io.kvbm.api;

import org.jspecify.annotations.NullMarked;
