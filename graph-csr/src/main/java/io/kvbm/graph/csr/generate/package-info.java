/** Graphs made up by rules, for measuring and for tests. */
@NullMarked
package io.kvbm.graph.csr.generate;

import org.jspecify.annotations.NullMarked;
