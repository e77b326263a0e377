package io.kvbm.cli.trace;

import java.util.Locale;

/** How a trace is written. */
public enum TraceFormat {
  /** Found out from the content. */
  AUTO,
  /** JSON Lines: one request a line, {@code {"timestamp": ms, "hash_ids": […]}}. */
  MOONCAKE,
  /** One JSON document a conversation: {@code {"requests": [{"t": seconds, "hash_ids": […]}]}}. */
  WEKA;

  /** The name users give. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
