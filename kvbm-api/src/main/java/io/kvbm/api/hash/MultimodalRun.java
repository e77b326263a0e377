package io.kvbm.api.hash;

import io.kvbm.api.Stability;

/**
 * A run of placeholder tokens that stand for one image, video or audio clip.
 *
 * @param offset the first placeholder's index in the whole token sequence
 * @param length how many placeholders, above 0
 * @param contentHash the 64-bit hash of the content
 */
@Stability(Stability.Level.STABLE)
public record MultimodalRun(long offset, long length, long contentHash) {}
