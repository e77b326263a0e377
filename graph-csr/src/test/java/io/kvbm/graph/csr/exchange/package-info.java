/** Tests of the package. */
@NullMarked
package io.kvbm.graph.csr.exchange;

import org.jspecify.annotations.NullMarked;
