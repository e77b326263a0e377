package io.kvbm.core.transfer;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.Transport;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Chooses transports by what they can do: the cheapest for a route, or two that meet in host
 * memory. Threading: safe from any thread.
 */
final class RouteFinder {

  /** Page-locked memory first: devices copy to and from it without the driver's own bounce. */
  private static final List<StorageType> HOST_KINDS =
      List.of(StorageType.PINNED, StorageType.SYSTEM);

  /**
   * A way by host memory; no transport on a side where a block store reads or writes that memory
   * itself.
   */
  record ByHost(@Nullable Transport into, @Nullable Transport outOf, BounceBuffers buffers) {}

  private final TransferEnvironment environment;
  private final long bounceByteSize;
  private final Map<String, Optional<BounceBuffers>> buffers = new ConcurrentHashMap<>();

  RouteFinder(TransferEnvironment environment, long bounceByteSize) {
    this.environment = environment;
    this.bounceByteSize = bounceByteSize;
  }

  /** {@return the cheapest transport that supports a route, or null} */
  @Nullable Transport direct(Route route) {
    Transport known = cheapest(environment.transports(), route);
    return known != null ? known : cheapest(environment.transportsFor(route), route);
  }

  private static @Nullable Transport cheapest(List<Transport> transports, Route route) {
    Transport best = null;
    for (int i = 0; i < transports.size(); i++) {
      Transport transport = transports.get(i);
      if (transport.supports(route) && (best == null || transport.cost(route) < best.cost(route))) {
        best = transport;
      }
    }
    return best;
  }

  /**
   * {@return the way by host memory}
   *
   * @param source the kind of source; null for a block store
   * @param target the kind of target; null for a block store
   * @throws CallerException with {@link ErrorCode#NO_ROUTE} if there is none, naming what is
   *     missing
   */
  ByHost byHost(@Nullable StorageType source, @Nullable StorageType target) {
    Set<String> missing = new LinkedHashSet<>();
    List<StorageType> kinds = source == null && target == null ? HOST_KINDS.reversed() : HOST_KINDS;
    for (StorageType host : kinds) {
      Optional<BounceBuffers> memory = buffersOf(host.kind());
      if (memory.isEmpty()) {
        missing.add("an allocator of " + host + " memory");
        continue;
      }
      List<Route> needed = new ArrayList<>();
      Transport into = source == null ? null : require(new Route(source, host), needed);
      Transport outOf = target == null ? null : require(new Route(host, target), needed);
      if (needed.isEmpty()) {
        return new ByHost(into, outOf, memory.get());
      }
      needed.forEach(route -> missing.add("a transport for " + route));
    }
    throw new CallerException(
        ErrorCode.NO_ROUTE,
        "no transport moves bytes from %s to %s, not even by host memory; missing: %s"
            .formatted(
                source == null ? "the block store" : source,
                target == null ? "the block store" : target,
                String.join(", ", missing)));
  }

  private @Nullable Transport require(Route route, List<Route> needed) {
    Transport transport = direct(route);
    if (transport == null) {
      needed.add(route);
    }
    return transport;
  }

  private Optional<BounceBuffers> buffersOf(String kind) {
    return buffers.computeIfAbsent(
        kind,
        _ ->
            environment
                .hostAllocator(kind)
                .map(allocator -> new BounceBuffers(allocator, bounceByteSize)));
  }

  /** Frees the host memory kept for bouncing. */
  void close() {
    buffers.values().forEach(memory -> memory.ifPresent(BounceBuffers::close));
  }
}
