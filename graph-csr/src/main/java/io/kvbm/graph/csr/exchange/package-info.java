/** Graphs in the formats of others. */
@NullMarked
package io.kvbm.graph.csr.exchange;

import org.jspecify.annotations.NullMarked;
