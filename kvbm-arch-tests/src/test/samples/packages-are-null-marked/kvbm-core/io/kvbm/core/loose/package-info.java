/** Broken: not marked. */
package io.kvbm.core.loose;
