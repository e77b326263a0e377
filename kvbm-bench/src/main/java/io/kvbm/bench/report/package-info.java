/**
 * What every benchmark answers with: cases, each of which puts figures of ours beside those of a
 * peer.
 */
@NullMarked
package io.kvbm.bench.report;

import org.jspecify.annotations.NullMarked;
