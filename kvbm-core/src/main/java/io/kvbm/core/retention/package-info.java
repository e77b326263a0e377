/**
 * What is kept and for how long: pins, leases of lookups, times to live, and the quotas of
 * namespaces.
 */
@NullMarked
package io.kvbm.core.retention;

import org.jspecify.annotations.NullMarked;
