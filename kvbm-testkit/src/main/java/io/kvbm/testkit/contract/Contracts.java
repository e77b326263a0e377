package io.kvbm.testkit.contract;

import io.kvbm.testkit.disk.DiskContract;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * The contracts a backend runs, and the names of their tests. {@link CodecContract} is none of
 * them: a codec is no part of a backend, has no harness and opts out of nothing.
 */
final class Contracts {

  /** In the order of the report. */
  private static final List<Class<?>> ALL =
      List.of(
          ProviderContract.class,
          AllocatorContract.class,
          StorageContract.class,
          LayoutContract.class,
          TransportContract.class,
          BlockStoreContract.class,
          ObjectStoreContract.class,
          LogContract.class,
          DiskContract.class,
          LifecycleContract.class,
          LeakContract.class,
          FaultContract.class);

  private static final Map<String, List<String>> TESTS =
      ALL.stream().collect(Collectors.toUnmodifiableMap(Class::getSimpleName, Contracts::tests));

  private Contracts() {}

  /** {@return whether there is such a test} */
  static boolean hasTest(String contractAndTest) {
    int hash = contractAndTest.indexOf('#');
    return hash > 0
        && TESTS
            .getOrDefault(contractAndTest.substring(0, hash), List.of())
            .contains(contractAndTest.substring(hash + 1));
  }

  /** {@return the contract a test class runs: the nearest class named so} */
  static String nameOf(Class<?> testClass) {
    return Stream.<Class<?>>iterate(testClass, type -> type != null, Class::getSuperclass)
        .map(Class::getSimpleName)
        .filter(name -> name.endsWith("Contract"))
        .findFirst()
        .orElse(testClass.getSimpleName());
  }

  private static List<String> tests(Class<?> contract) {
    return Arrays.stream(contract.getDeclaredMethods())
        .filter(
            method ->
                method.isAnnotationPresent(Test.class)
                    || method.isAnnotationPresent(ParameterizedTest.class))
        .map(Method::getName)
        .toList();
  }
}
