package io.kvbm.core.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemoteRegistration;
import io.kvbm.api.storage.RegistrableStorage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The layouts of this worker that peers reach, in the order of the parts of its block set. Whoever
 * closes this takes back the registrations; the storages stay their owners'. Threading: filled by
 * one thread, then safe from any.
 */
final class Exports implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(Exports.class.getName());

  private final RemoteAgent agent;
  private final List<BlockSet.Part> parts = new ArrayList<>();
  private final List<Layout> layouts = new ArrayList<>();
  private final List<RegistrableStorage> registered = new ArrayList<>();

  Exports(RemoteAgent agent) {
    this.agent = agent;
  }

  /**
   * Lets peers reach a layout, all of it or nothing.
   *
   * @return the index of its part; empty where the agent does not reach that kind of memory
   */
  Optional<Integer> add(String name, Layout layout, RemoteAccess access) {
    List<ExportedStorage> exported = new ArrayList<>();
    List<RegistrableStorage> own = new ArrayList<>();
    for (int i = 0; i < layout.storageCount(); i++) {
      if (!(layout.storage(i) instanceof RegistrableStorage storage)) {
        release(own);
        return Optional.empty();
      }
      try {
        exported.add(agent.register(storage, access));
        own.add(storage);
      } catch (CallerException e) {
        release(own);
        if (e.code() != ErrorCode.UNSUPPORTED) {
          throw e;
        }
        LOG.log(
            System.Logger.Level.DEBUG, "the {0} tier is not exported: {1}", name, e.getMessage());
        return Optional.empty();
      }
    }
    registered.addAll(own);
    layouts.add(layout);
    parts.add(new BlockSet.Part(name, layout.descriptor(), exported));
    return Optional.of(parts.size() - 1);
  }

  List<BlockSet.Part> parts() {
    return List.copyOf(parts);
  }

  Layout layout(int part) {
    return layouts.get(part);
  }

  private static void release(List<RegistrableStorage> storages) {
    for (RegistrableStorage storage : storages.reversed()) {
      if (storage.isRegistered(RemoteRegistration.KEY)) {
        try {
          storage.unregister(RemoteRegistration.KEY);
        } catch (CallerException e) {
          if (e.code() != ErrorCode.HANDLE_NOT_FOUND) { // closed in between, which released it
            throw e;
          }
        }
      }
    }
  }

  @Override
  public void close() {
    release(registered);
    registered.clear();
  }
}
