package io.kvbm.core.plugin;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A platform of either mode, used through its exported api alone. */
final class DrivenPlatform implements AutoCloseable {

  /** What the platform says of a backend; the answer is what its probe gave, or why it failed. */
  record Listing(String name, String version, String module, String location, String answer) {}

  private final Object platform;

  private DrivenPlatform(Object platform) {
    this.platform = platform;
  }

  static DrivenPlatform open(HostMode mode, Path plugins) {
    return open(mode, mode.loader(), plugins);
  }

  static DrivenPlatform open(HostMode mode, ClassLoader path, Path plugins) {
    try {
      Class<?> type = Class.forName("io.kvbm.core.Platform", true, mode.loader());
      Object builder = type.getMethod("builder").invoke(null);
      builder.getClass().getMethod("classLoader", ClassLoader.class).invoke(builder, path);
      builder.getClass().getMethod("plugins", Path.class).invoke(builder, plugins);
      return new DrivenPlatform(call(builder, "build"));
    } catch (InvocationTargetException e) {
      throw unwrapped(e);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /** {@return the backends of the plugins, by name} */
  List<Listing> backends() {
    return ((List<?>) call(platform, "backends"))
        .stream()
            .map(
                listing ->
                    new Listing(
                        (String) call(listing, "name"),
                        (String) call(listing, "version"),
                        (String) call(listing, "module"),
                        (String) call(listing, "location"),
                        answer(call(listing, "availability"))))
            .filter(listing -> !List.of("system", "null").contains(listing.name()))
            .toList();
  }

  private static String answer(Object availability) {
    return (String)
        call(availability, (boolean) call(availability, "isAvailable") ? "details" : "reason");
  }

  /** {@return what the probe of the only backend of a name gave} */
  String answer(String name) {
    List<Listing> named = backends().stream().filter(b -> b.name().equals(name)).toList();
    if (named.size() != 1) {
      throw new AssertionError(name + " among " + backends() + ", refused " + refusals());
    }
    return named.getFirst().answer();
  }

  List<String> names() {
    return backends().stream().map(Listing::name).toList();
  }

  List<String> refusals() {
    return ((List<?>) call(platform, "refusals")).stream().map(String.class::cast).toList();
  }

  List<String> codecs() {
    return namesOf((List<?>) call(platform, "codecs"));
  }

  List<String> policies() {
    return ((List<?>) call(platform, "evictionPolicies")).stream().map(String.class::cast).toList();
  }

  Object policy(String name) {
    return call(platform, "evictionPolicy", name);
  }

  Object hashScheme(String name) {
    return call(platform, "hashScheme", name);
  }

  void openBackend(String name) {
    call(platform, "backend", name);
  }

  private static List<String> namesOf(List<?> named) {
    return named.stream().map(one -> (String) call(one, "name")).toList();
  }

  /** Calls a method by a public type of an exported package: a plugin's own are not. */
  static Object call(Object target, String name, String... arguments) {
    try {
      Class<?>[] types = Stream.of(arguments).map(Object::getClass).toArray(Class<?>[]::new);
      return exported(target.getClass(), name, types).invoke(target, (Object[]) arguments);
    } catch (InvocationTargetException e) {
      throw unwrapped(e);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static Method exported(Class<?> type, String name, Class<?>[] arguments)
      throws NoSuchMethodException {
    for (Class<?> from : Stream.concat(Stream.of(type), Stream.of(type.getInterfaces())).toList()) {
      if (from.getModule().isExported(from.getPackageName())) {
        try {
          return from.getMethod(name, arguments);
        } catch (NoSuchMethodException e) {
          continue; // Of another of its types, then.
        }
      }
    }
    throw new NoSuchMethodException(type + "." + name);
  }

  private static RuntimeException unwrapped(InvocationTargetException e) {
    return switch (e.getCause()) {
      case RuntimeException cause -> cause;
      case Error cause -> throw cause;
      case null, default -> new IllegalStateException(e);
    };
  }

  @Override
  public void close() {
    try {
      platform.getClass().getMethod("close").invoke(platform);
    } catch (InvocationTargetException e) {
      throw unwrapped(e);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
