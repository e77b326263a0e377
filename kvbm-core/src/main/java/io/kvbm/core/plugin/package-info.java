/**
 * Loads plugins from folders: each gets class loader, module layer and native libraries of its own.
 */
@NullMarked
package io.kvbm.core.plugin;

import org.jspecify.annotations.NullMarked;
