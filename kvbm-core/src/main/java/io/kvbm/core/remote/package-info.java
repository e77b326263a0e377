/** Sharing with other agents: what a manager answers its peers. */
@NullMarked
package io.kvbm.core.remote;

import org.jspecify.annotations.NullMarked;
