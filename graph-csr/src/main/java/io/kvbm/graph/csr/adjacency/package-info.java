/**
 * Who is whose neighbour: rows of vertex ids, one for each vertex, one behind the other, with the
 * offsets at which they start. Vertices are numbered from 0 without gaps.
 */
@NullMarked
package io.kvbm.graph.csr.adjacency;

import org.jspecify.annotations.NullMarked;
