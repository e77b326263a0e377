package io.kvbm.api.spi;

/** Broken: promises nothing. */
public interface Promise {}
