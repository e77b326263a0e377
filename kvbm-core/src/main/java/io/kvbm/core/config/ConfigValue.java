package io.kvbm.core.config;

/**
 * What somebody set a setting to.
 *
 * @param text as written
 * @param origin where
 */
record ConfigValue(String text, ConfigOrigin origin) {}
