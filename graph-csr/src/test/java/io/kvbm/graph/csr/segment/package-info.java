/** Tests of the package. */
@NullMarked
package io.kvbm.graph.csr.segment;

import org.jspecify.annotations.NullMarked;
