package io.kvbm.core.policy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.api.spi.Nearest;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Eviction policies by name: the built-in ones and those of other modules on the path. Each call
 * looks anew, so this is for start-up and tools. Threading: safe from any thread.
 */
public final class EvictionPolicies {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

  private static final List<EvictionPolicyProvider> BUILT_IN =
      List.of(
          new AdaptivePolicyProvider(),
          new LruPolicyProvider(),
          new FifoPolicyProvider(),
          new PriorityPolicyProvider(),
          new MultiLruPolicyProvider(),
          new S3FifoPolicyProvider(),
          new ArcPolicyProvider(),
          new TinyLfuPolicyProvider(),
          new LineagePolicyProvider());

  private EvictionPolicies() {}

  /**
   * {@return the names of all policies, sorted}
   *
   * @throws ConfigurationException if a provider cannot be loaded or two have the same name
   */
  public static List<String> names() {
    return names(List.of());
  }

  /**
   * {@return the names of all policies, sorted}
   *
   * @param more beside those on the path, for instance those of plugin folders
   * @throws ConfigurationException if a provider cannot be loaded or two have the same name
   */
  public static List<String> names(Collection<EvictionPolicyProvider> more) {
    return List.copyOf(load(more).keySet());
  }

  /** {@return the built-in policies, the default first} */
  public static List<EvictionPolicyProvider> builtIn() {
    return BUILT_IN;
  }

  /**
   * {@return the provider of the policy}
   *
   * @param name as users give it
   * @throws ConfigurationException if there is none of that name, a provider cannot be loaded or
   *     two have the same name
   */
  public static EvictionPolicyProvider of(String name) {
    return of(name, List.of());
  }

  /**
   * {@return the provider of the policy}
   *
   * @param name as users give it
   * @param more beside those on the path, for instance those of plugin folders
   * @throws ConfigurationException if there is none of that name, a provider cannot be loaded or
   *     two have the same name
   */
  public static EvictionPolicyProvider of(String name, Collection<EvictionPolicyProvider> more) {
    SortedMap<String, EvictionPolicyProvider> providers = load(more);
    EvictionPolicyProvider provider = providers.get(name);
    if (provider == null) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "unknown eviction policy '%s', did you mean '%s'? known: %s"
              .formatted(
                  name,
                  Nearest.to(name, providers.keySet()),
                  String.join(", ", providers.keySet())));
    }
    return provider;
  }

  /**
   * Returns the capacity of a policy to be made, or throws {@link CallerException} if it is not
   * above 0.
   */
  static int requireCapacity(String name, int capacity) {
    if (capacity < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "eviction policy %s needs at least 1 slot, got %d".formatted(name, capacity));
    }
    return capacity;
  }

  private static SortedMap<String, EvictionPolicyProvider> load(
      Collection<EvictionPolicyProvider> more) {
    try {
      // Not by the thread's loader: to that, these very policies may be unknown.
      SortedMap<String, EvictionPolicyProvider> providers =
          byName(
              ServiceLoader.load(
                      EvictionPolicyProvider.class, EvictionPolicies.class.getClassLoader())
                  .iterator());
      for (EvictionPolicyProvider provider : more) {
        EvictionPolicyProvider same = providers.get(provider.name());
        if (same == null || same.getClass() != provider.getClass()) {
          add(provider, providers);
        }
      }
      return providers;
    } catch (ServiceConfigurationError e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "an eviction policy cannot be loaded, remove or repair it: " + e.getMessage(),
          e);
    }
  }

  /** Returns the providers by name, having checked the names. */
  static SortedMap<String, EvictionPolicyProvider> byName(Iterator<EvictionPolicyProvider> found) {
    SortedMap<String, EvictionPolicyProvider> providers = new TreeMap<>();
    found.forEachRemaining(provider -> add(provider, providers));
    return providers;
  }

  private static void add(
      EvictionPolicyProvider provider, SortedMap<String, EvictionPolicyProvider> providers) {
    String name = provider.name();
    if (!NAME.matcher(name).matches()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "eviction policy name '%s' of %s is not of the form %s"
              .formatted(name, provider.getClass().getName(), NAME));
    }
    EvictionPolicyProvider other = providers.putIfAbsent(name, provider);
    if (other != null) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "two eviction policies are named '%s', %s and %s: remove one"
              .formatted(name, other.getClass().getName(), provider.getClass().getName()));
    }
  }
}
