package io.kvbm.core.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.OpenMode;
import io.kvbm.backend.system.SystemBackendProvider;
import io.kvbm.testkit.TestContext;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * A service that keeps objects and nothing else, as S3 does: what it has outlives the platforms
 * that use it. It is the system backend's object store.
 */
final class ObjectService implements BackendProvider, AutoCloseable {

  private final SystemBackendProvider system = new SystemBackendProvider();
  private final TestContext context = new TestContext();
  private final Backend memory = system.open(context, BackendConfig.empty());

  private final Map<String, ObjectStore> locations = new ConcurrentHashMap<>();
  private final LongAdder puts = new LongAdder();

  /** {@return how many objects were put, by all together} */
  long puts() {
    return puts.sum();
  }

  ObjectStoreFactory factory() {
    ObjectStoreFactory inner = memory.objectStores().getFirst();
    return new ObjectStoreFactory() {
      @Override
      public String storageKind() {
        return inner.storageKind();
      }

      @Override
      public ObjectStore open(String location, OpenMode mode) {
        return unclosed(locations.computeIfAbsent(location, name -> inner.open(name, mode)));
      }
    };
  }

  /** A store in memory has one writer and ends with it; a service has many and goes on. */
  private ObjectStore unclosed(ObjectStore objects) {
    return (ObjectStore)
        Proxy.newProxyInstance(
            ObjectService.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (_, method, arguments) -> {
              if (method.getName().equals("close")) {
                return null;
              }
              if (method.getName().equals("put")) {
                puts.increment();
              }
              try {
                return method.invoke(objects, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** {@return the only location that was opened} */
  String location() {
    assertThat(locations).hasSize(1);
    return locations.keySet().iterator().next();
  }

  /** Looks behind the back of those that use it. */
  void look(String location, Consumer<ObjectStore> at) {
    try (ObjectStore objects = factory().open(location, OpenMode.WRITE)) {
      at.accept(objects);
    }
  }

  /** {@return the names of the objects in it} */
  List<String> names() {
    try (ObjectStore objects = factory().open(location(), OpenMode.WRITE)) {
      return objects.list("", "", 10_000).stream().map(ObjectStat::key).toList();
    }
  }

  @Override
  public String name() {
    return "objects";
  }

  @Override
  public SpiVersion builtFor() {
    return system.builtFor();
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of(factory().storageKind());
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of();
  }

  @Override
  public Availability probe(BackendConfig config) {
    return new Availability.Available("in memory");
  }

  @Override
  public Backend open(BackendContext user, BackendConfig config) {
    return new Backend() {
      @Override
      public List<ObjectStoreFactory> objectStores() {
        return List.of(factory());
      }

      @Override
      public void close() {
        // The service goes on.
      }
    };
  }

  @Override
  public void close() {
    locations.values().forEach(ObjectStore::close);
    memory.close();
    context.close();
  }
}
