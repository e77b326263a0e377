/**
 * The contracts of the storage interfaces as tests. A backend runs one by extending it and naming
 * its harness; each test stands for a sentence of the interface's documentation.
 */
@NullMarked
package io.kvbm.testkit.contract;

import org.jspecify.annotations.NullMarked;
