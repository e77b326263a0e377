/**
 * Segments: the rows of a range of vertices as an object of a store, checked by sums. Little
 * endian: a header of 512 bytes, sections aligned to 64 bytes, a table with the CRC32C of every
 * block of 64 KiB behind the header, a footer.
 */
@NullMarked
package io.kvbm.graph.csr.segment;

import org.jspecify.annotations.NullMarked;
