package io.kvbm.core.config;

import org.jspecify.annotations.Nullable;

/**
 * One key of a configuration file.
 *
 * @param path the keys down to it, joined by dots
 * @param text its value; null where it has none or is a section
 * @param section whether settings stand below it
 * @param keyOrigin where the key stands
 * @param origin where the value stands; where there is none, the key
 */
record YamlEntry(
    String path,
    @Nullable String text,
    boolean section,
    ConfigOrigin.InFile keyOrigin,
    ConfigOrigin.InFile origin) {}
