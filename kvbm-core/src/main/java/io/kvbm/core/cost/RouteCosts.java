package io.kvbm.core.cost;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What loads along each route take, learnt from loads: a fixed latency and a bandwidth, the last
 * few counting most. One sample far off changes nothing until the next one agrees, unless it took
 * too long for a pause of the machine; a load under way counts with the time it has taken so far,
 * so that a route that stalls is slow before it drains.
 *
 * <p>Routes are named by the tiers at their ends, see {@link #routeName}. Threading: safe from any
 * thread.
 */
public final class RouteCosts {

  private final Clock clock;
  private final Map<String, RouteMeter> routes = new ConcurrentHashMap<>();

  /**
   * Creates costs that know no route.
   *
   * @param clock measures loads
   */
  public RouteCosts(Clock clock) {
    this.clock = clock;
  }

  /**
   * {@return the name of a route}
   *
   * @param source the tier blocks come from
   * @param target the tier they go to
   */
  public static String routeName(String source, String target) {
    return source + "->" + target;
  }

  /**
   * States what a route should be like, for as long as no load along it has ended.
   *
   * @param route its name
   * @param latencyNanos what every load takes
   * @param bytesPerSecond its bandwidth, above 0
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if a value is out of range
   */
  public void assume(String route, long latencyNanos, double bytesPerSecond) {
    if (latencyNanos < 0 || !(bytesPerSecond > 0)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "route %s cannot take %d ns and %s bytes a second; give at least 0 and more than 0"
              .formatted(route, latencyNanos, bytesPerSecond));
    }
    meter(route).assume((double) latencyNanos, 1e9 / bytesPerSecond);
  }

  /**
   * Says that a load begins.
   *
   * @param route its name
   * @param byteSize its bytes, above 0
   * @return the load; the caller ends it
   */
  public Flight begin(String route, long byteSize) {
    RouteMeter meter = meter(route);
    Flight flight =
        new Flight(
            byteSize, clock.nanoTime(), (own, moved) -> meter.end(own, moved, clock.nanoTime()));
    meter.begin(flight);
    return flight;
  }

  /**
   * Says that bytes wait for a load to begin, or do so no longer.
   *
   * @param route its name
   * @param byteSize how many more wait, negative for fewer
   */
  public void addWaiting(String route, long byteSize) {
    meter(route).addWaiting(byteSize);
  }

  /**
   * {@return what a load along a route would take now, behind what is under way}
   *
   * @param route its name
   */
  public RouteEstimate estimate(String route) {
    return meter(route).estimate(clock.nanoTime());
  }

  int tryProbe(String route, long blockByteSize, int several) {
    return meter(route).tryProbe(clock.nanoTime(), blockByteSize, several);
  }

  private RouteMeter meter(String route) {
    RouteMeter known = routes.get(route);
    return known != null ? known : routes.computeIfAbsent(route, _ -> new RouteMeter());
  }
}
