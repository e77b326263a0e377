/**
 * {@code kvbm replay}: a trace with real bytes. Every block that is not found is filled, every
 * block that comes back from a tier is compared in full.
 */
@NullMarked
package io.kvbm.cli.replay;

import org.jspecify.annotations.NullMarked;
