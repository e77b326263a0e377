package io.kvbm.other;

/** Broken: in a package of nobody's. */
interface Stray {}
