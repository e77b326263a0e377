package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvictionPoliciesTest {

  @Test
  void knowsTheBuiltInPolicies() {
    assertThat(EvictionPolicies.names())
        .contains("arc", "fifo", "lineage", "lru", "multi-lru", "priority", "s3fifo", "tinylfu")
        .isSorted();
  }

  @Test
  void anUnknownNameIsAnsweredWithTheNearestAndAllKnown() {
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> EvictionPolicies.of("lfru"))
        .withMessageContaining("did you mean 'lru'?")
        .withMessageContaining("known: adaptive, arc, fifo, lineage, lru, ")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG));
  }

  @Test
  void twoProvidersOfOneNameAreRefused() {
    List<EvictionPolicyProvider> found = List.of(new LruPolicyProvider(), new Named("lru"));

    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> EvictionPolicies.byName(found.iterator()))
        .withMessageContaining("two eviction policies are named 'lru'")
        .withMessageContaining(Named.class.getName());
  }

  @Test
  void aNameUsersCannotWriteIsRefused() {
    List<EvictionPolicyProvider> found = List.of(new Named("My Policy"));

    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> EvictionPolicies.byName(found.iterator()))
        .withMessageContaining("'My Policy'");
  }

  private record Named(String name) implements EvictionPolicyProvider {
    @Override
    public String description() {
      return "a policy of another module";
    }

    @Override
    public EvictionPolicy create(int capacity) {
      return new LruPolicyProvider().create(capacity);
    }
  }
}
