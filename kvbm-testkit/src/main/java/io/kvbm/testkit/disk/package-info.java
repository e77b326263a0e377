/**
 * A simulated disk: keeps its files in memory and, from a seed, loses, tears, refuses and fills up
 * as disks do.
 */
@NullMarked
package io.kvbm.testkit.disk;

import org.jspecify.annotations.NullMarked;
