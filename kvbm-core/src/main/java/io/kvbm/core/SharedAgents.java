package io.kvbm.core;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.AgentFactory;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.storage.StorageType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** The agents opened on a platform, by name, and its directories. Safe from any thread. */
final class SharedAgents {

  private final BackendCatalog catalog;
  private final Function<String, AgentFactory> factories;
  private final Function<InstalledBackend, List<DirectoryFactory>> directories;
  private final Map<String, RemoteAgent> agents = new TreeMap<>();

  /**
   * @param factories opens agents of a backend or a storage kind, or says why not
   * @param directories those of a backend, opened where it is available, otherwise none
   */
  SharedAgents(
      BackendCatalog catalog,
      Function<String, AgentFactory> factories,
      Function<InstalledBackend, List<DirectoryFactory>> directories) {
    this.catalog = catalog;
    this.factories = factories;
    this.directories = directories;
  }

  /** Opens an agent; the factory refuses a name that an open one has. */
  RemoteAgent open(String backend, String name) {
    String from = backend.isEmpty() ? StorageType.REMOTE.kind() : backend;
    if (backend.isEmpty() && catalog.candidates(from).isEmpty()) {
      throw new ConfigurationException(
          ErrorCode.BACKEND_UNAVAILABLE,
          "agent '%s' cannot be opened: no installed backend shares blocks between workers; installed are %s"
              .formatted(name, catalog.backends().stream().map(InstalledBackend::name).toList()));
    }
    RemoteAgent agent = factories.apply(from).open(name);
    synchronized (agents) {
      agents.put(name, agent);
    }
    return agent;
  }

  RemoteAgent get(String name) {
    synchronized (agents) {
      RemoteAgent agent = agents.get(name);
      if (agent == null) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "no agent '%s' is open on this platform; open are %s".formatted(name, agents.keySet()));
      }
      return agent;
    }
  }

  /** Closes an agent that whoever opened it has no more use for. */
  void close(RemoteAgent agent) {
    synchronized (agents) {
      agents.remove(agent.name(), agent);
    }
    agent.close();
  }

  /** Joins a directory: of a backend of that name, otherwise of one that has that kind. */
  BlockDirectory join(String kind, DirectoryMember self, DirectoryListener listener) {
    TreeSet<String> known = new TreeSet<>();
    for (InstalledBackend installed : catalog.backends()) {
      boolean isNamed = installed.name().equals(kind) || installed.identity().equals(kind);
      if (!isNamed && !installed.storageKinds().contains(StorageType.REMOTE.kind())) {
        continue;
      }
      for (DirectoryFactory factory : directories.apply(installed)) {
        if (isNamed || factory.name().equals(kind)) {
          return factory.join(self, listener);
        }
        known.add(factory.name());
      }
    }
    throw new ConfigurationException(
        ErrorCode.BACKEND_UNAVAILABLE,
        "no installed backend has a directory '%s'; there are %s".formatted(kind, known));
  }

  /** Closes all. One that fails does not keep the others open. */
  void closeAll(List<Throwable> failures) {
    List<RemoteAgent> due;
    synchronized (agents) {
      due = List.copyOf(agents.values());
      agents.clear();
    }
    for (RemoteAgent agent : due) {
      try {
        agent.close();
      } catch (RuntimeException | LinkageError e) {
        failures.add(e);
      }
    }
  }

  /** {@return the name of the agent a manager opens for itself} */
  static String nameOf(long workerId) {
    return "kvbm-" + Long.toUnsignedString(workerId);
  }
}
