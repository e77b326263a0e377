/** Configuration of a block manager: validated records and their builders. */
@NullMarked
package io.kvbm.api.config;

import org.jspecify.annotations.NullMarked;
