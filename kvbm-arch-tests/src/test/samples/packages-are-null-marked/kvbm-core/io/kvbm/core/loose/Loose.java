package io.kvbm.core.loose;

/** In a package that is not marked. */
interface Loose {}
