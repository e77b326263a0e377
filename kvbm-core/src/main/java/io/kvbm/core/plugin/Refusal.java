package io.kvbm.core.plugin;

/**
 * Something that was found and is not used.
 *
 * @param name what it calls itself: a backend's name, a plugin folder, or a class where it never
 *     came to say more
 * @param line one line: which, why, and what to do
 */
public record Refusal(String name, String line) {}
