/** Tests of the package. */
@NullMarked
package io.kvbm.graph.csr.adjacency;

import org.jspecify.annotations.NullMarked;
