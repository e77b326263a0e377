/**
 * What a backend's tests start from: the harness a backend fills in, a context to open it with, a
 * clock that stands still, seeded bytes with guards, and a completion that checks its caller.
 */
@NullMarked
package io.kvbm.testkit;

import org.jspecify.annotations.NullMarked;
