/** Block events for routers and observers. */
@NullMarked
package io.kvbm.api.event;

import org.jspecify.annotations.NullMarked;
