/** Brings the longest prefix of a sequence to the top tier, block by block and by a deadline. */
@NullMarked
package io.kvbm.core.onboard;

import org.jspecify.annotations.NullMarked;
