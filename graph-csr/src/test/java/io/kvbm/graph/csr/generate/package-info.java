/** Tests of the package. */
@NullMarked
package io.kvbm.graph.csr.generate;

import org.jspecify.annotations.NullMarked;
