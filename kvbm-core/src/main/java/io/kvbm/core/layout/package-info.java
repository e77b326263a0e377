/**
 * The built-in layouts: where each (block, layer, outer) region of a tier lies in its storages.
 * Three are strides over one storage or one per layer, the fourth looks every region up in a page
 * table.
 */
@NullMarked
package io.kvbm.core.layout;

import org.jspecify.annotations.NullMarked;
