package io.kvbm.core;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.transfer.Transport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The backends that were opened, each once per configuration. Opening is serialised, so that a
 * backend is never opened twice. Threading: safe from any thread.
 */
final class OpenBackends {

  private record Key(String identity, BackendConfig config) {}

  private final Object lock = new Object();
  private final Map<Key, Backend> open = new LinkedHashMap<>();
  private final Function<InstalledBackend, BackendContext> contexts;
  private final UnaryOperator<Transport> decorator;
  private volatile List<Transport> transports = List.of();
  private boolean closed;

  /**
   * @param contexts what a backend is opened with
   * @param decorator stands between each transport and who uses it
   */
  OpenBackends(
      Function<InstalledBackend, BackendContext> contexts, UnaryOperator<Transport> decorator) {
    this.contexts = contexts;
    this.decorator = decorator;
  }

  Backend get(InstalledBackend installed, BackendConfig config) {
    synchronized (lock) {
      if (closed) {
        throw new ClosedException(
            ErrorCode.CLOSED,
            "the platform is closed; backend '" + installed.name() + "' stays shut");
      }
      Key key = new Key(installed.identity(), config);
      Backend backend = open.get(key);
      if (backend == null) {
        backend = installed.open(contexts.apply(installed), config);
        addTransports(transportsOf(installed, backend));
        open.put(key, backend);
      }
      return backend;
    }
  }

  /** A backend whose transports cannot be had is of no use to anybody and closed again. */
  private static List<Transport> transportsOf(InstalledBackend installed, Backend backend) {
    try {
      return installed.transportsOf(backend);
    } catch (RuntimeException e) {
      try {
        backend.close();
      } catch (RuntimeException | Error alsoFailed) {
        e.addSuppressed(alsoFailed);
      }
      throw e;
    }
  }

  private void addTransports(List<Transport> more) {
    List<Transport> all = new ArrayList<>(transports);
    more.forEach(transport -> all.add(decorator.apply(transport)));
    transports = List.copyOf(all);
  }

  /** {@return the transports of every open backend} */
  List<Transport> transports() {
    return transports;
  }

  /** {@return the open backends in order of opening} */
  List<Backend> all() {
    synchronized (lock) {
      return List.copyOf(open.values());
    }
  }

  /**
   * Closes all of them, the last opened first. One that fails does not keep the others open.
   *
   * @param failures gets what they threw
   */
  void close(List<Throwable> failures) {
    List<Backend> due;
    synchronized (lock) {
      closed = true;
      due = new ArrayList<>(open.values()).reversed();
      open.clear();
      transports = List.of();
    }
    for (Backend backend : due) {
      try {
        backend.close();
      } catch (RuntimeException | Error e) {
        failures.add(e);
      }
    }
  }
}
