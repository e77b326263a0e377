package io.kvbm.core.tokens;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.spi.Nearest;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Hash schemes by name: the built-in ones and those that {@link ServiceLoader} finds. */
public final class HashSchemes {

  private static final List<HashScheme> BUILT_IN =
      List.of(new Xxh3HashScheme(), new Xxh3V1HashScheme(), new PositionalLineageScheme());

  private HashSchemes() {}

  /** {@return the built-in schemes, the default first} */
  public static List<HashScheme> builtIn() {
    return BUILT_IN;
  }

  /**
   * {@return the scheme of a name; a built-in one cannot be replaced by another of its name}
   *
   * @param name the scheme's name
   * @throws ConfigurationException if no scheme or several have the name, or a provider cannot be
   *     loaded
   */
  public static HashScheme of(String name) {
    return of(name, List.of());
  }

  /**
   * {@return the scheme of a name, among those of {@link #of(String)} and more}
   *
   * @param name the scheme's name
   * @param more for instance those of plugin folders
   * @throws ConfigurationException if no scheme or several have the name, or a provider cannot be
   *     loaded
   */
  public static HashScheme of(String name, Collection<HashScheme> more) {
    for (HashScheme scheme : BUILT_IN) {
      if (scheme.name().equals(name)) {
        return scheme;
      }
    }
    ServiceLoader<HashScheme> found =
        ServiceLoader.load(HashScheme.class, HashSchemes.class.getClassLoader());
    return among(name, () -> Stream.concat(stream(found), more.stream()).iterator());
  }

  private static Stream<HashScheme> stream(Iterable<HashScheme> schemes) {
    return StreamSupport.stream(schemes.spliterator(), false);
  }

  static HashScheme among(String name, Iterable<HashScheme> others) {
    Map<String, HashScheme> known = new TreeMap<>();
    BUILT_IN.forEach(scheme -> known.put(scheme.name(), scheme));
    try {
      for (HashScheme scheme : others) {
        HashScheme same = known.putIfAbsent(scheme.name(), scheme);
        if (same != null && same.getClass() != scheme.getClass()) {
          throw ambiguous(same, scheme);
        }
      }
    } catch (ServiceConfigurationError e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "a hash scheme cannot be loaded: " + e.getMessage(), e);
    }
    HashScheme found = known.get(name);
    if (found == null) {
      throw unknown(name, known.keySet());
    }
    return found;
  }

  private static ConfigurationException ambiguous(HashScheme one, HashScheme other) {
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "hash scheme '%s' is provided by %s and by %s; remove one"
            .formatted(one.name(), one.getClass().getName(), other.getClass().getName()));
  }

  private static ConfigurationException unknown(String name, Collection<String> known) {
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "hash scheme '%s' is unknown; the nearest is '%s', known are %s"
            .formatted(name, Nearest.to(name, known), known));
  }
}
