@NullMarked
package io.kvbm.core.tiering;

import org.jspecify.annotations.NullMarked;
