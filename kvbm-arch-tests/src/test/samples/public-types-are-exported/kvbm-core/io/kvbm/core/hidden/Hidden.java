package io.kvbm.core.hidden;

/** Broken: public where nobody can see it. */
public interface Hidden {}
