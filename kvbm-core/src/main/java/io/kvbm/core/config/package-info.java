/**
 * One configuration for the whole platform: the settings there are ({@link ConfigSchema}), and what
 * a file, the environment and the program say about them ({@link KvbmConfig}).
 */
@NullMarked
package io.kvbm.core.config;

import org.jspecify.annotations.NullMarked;
