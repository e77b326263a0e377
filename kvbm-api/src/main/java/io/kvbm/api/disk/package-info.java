/** File access: the one door to files for every store, so that a simulated disk can stand in. */
@NullMarked
package io.kvbm.api.disk;

import org.jspecify.annotations.NullMarked;
