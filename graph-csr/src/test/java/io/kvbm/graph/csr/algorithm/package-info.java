/** Tests of the package. */
@NullMarked
package io.kvbm.graph.csr.algorithm;

import org.jspecify.annotations.NullMarked;
