package io.kvbm.testkit.disk;

/** A place in a file. */
record SimPlace(SimNode node, long position) {}
