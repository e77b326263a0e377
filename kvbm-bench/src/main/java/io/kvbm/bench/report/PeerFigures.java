package io.kvbm.bench.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One of several peers.
 *
 * @param name who
 * @param figures by name, the median of the rounds; units are in the names
 */
public record PeerFigures(String name, Map<String, Double> figures) {

  /** Copies the figures and keeps their order. */
  public PeerFigures {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
  }
}
