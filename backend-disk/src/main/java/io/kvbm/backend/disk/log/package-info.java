/**
 * The write-ahead log: segments of framed, chained records, written in groups.
 *
 * <p>A segment is a file of whole 4 KiB pages: a {@link io.kvbm.backend.disk.log.SegmentHeader},
 * then groups, each beginning on a page of its own so that no page with an acknowledged record is
 * ever written again; zeros behind the last. {@link io.kvbm.backend.disk.log.Frame} describes a
 * group and its records.
 */
@NullMarked
package io.kvbm.backend.disk.log;

import org.jspecify.annotations.NullMarked;
