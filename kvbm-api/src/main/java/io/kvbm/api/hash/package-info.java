/** Hash schemes that name token blocks, and what goes into a hash besides the tokens. */
@NullMarked
package io.kvbm.api.hash;

import org.jspecify.annotations.NullMarked;
