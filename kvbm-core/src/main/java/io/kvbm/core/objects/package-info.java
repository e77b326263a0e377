/** Any object store as a tier of blocks. */
@NullMarked
package io.kvbm.core.objects;

import org.jspecify.annotations.NullMarked;
