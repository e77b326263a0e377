package io.kvbm.core.cost;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one load would bring along each route. For one thread. */
final class RouteLoads {

  private static final class Load {
    private final RouteEstimate estimate;
    private final String route;
    private long byteSize;
    private int blocks;

    Load(String route, RouteEstimate estimate) {
      this.route = route;
      this.estimate = estimate;
    }
  }

  private final RouteCosts costs;
  private final Map<String, Load> loads = new HashMap<>();

  /** Neighbours mostly share a route. */
  private @Nullable Load last;

  RouteLoads(RouteCosts costs) {
    this.costs = costs;
  }

  /** Adds a block; {@return how long all along its route take, in nanoseconds} */
  double add(String route, long byteSize) {
    Load load = load(route);
    load.byteSize += byteSize;
    load.blocks++;
    return load.estimate.loadNanos(load.byteSize);
  }

  boolean isKnown(String route) {
    return load(route).estimate.isKnown();
  }

  int blocks(String route) {
    return load(route).blocks;
  }

  private Load load(String route) {
    Load before = last;
    if (before == null || !before.route.equals(route)) {
      before = loads.computeIfAbsent(route, name -> new Load(name, costs.estimate(name)));
      last = before;
    }
    return before;
  }
}
