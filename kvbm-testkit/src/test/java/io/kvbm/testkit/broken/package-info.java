/**
 * Backends that break one promise each, and the contract test that must notice. They are fixtures:
 * the build runs them only through the engine that the teeth test drives.
 */
@NullMarked
package io.kvbm.testkit.broken;

import org.jspecify.annotations.NullMarked;
