/** Tests of event publishing. */
@NullMarked
package io.kvbm.core.event;

import org.jspecify.annotations.NullMarked;
