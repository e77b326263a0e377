package io.kvbm.core.pool;

/** Broken: says nothing. */
interface SlotHelper {}
