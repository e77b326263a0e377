/**
 * Parts of storages: checked views, and an arena that carves one large storage into many small
 * ones.
 */
@NullMarked
package io.kvbm.core.storage;

import org.jspecify.annotations.NullMarked;
