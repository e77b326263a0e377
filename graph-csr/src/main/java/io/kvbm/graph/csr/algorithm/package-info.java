/** Algorithms on graphs in CSR: parallel, cancellable, within a budget. */
@NullMarked
package io.kvbm.graph.csr.algorithm;

import org.jspecify.annotations.NullMarked;
