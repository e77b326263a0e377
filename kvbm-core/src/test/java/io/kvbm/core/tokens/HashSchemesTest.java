package io.kvbm.core.tokens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.hash.TokenSpan;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class HashSchemesTest {

  private static class Named implements HashScheme {
    private final String name;

    Named(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public long saltHash(CacheSalt salt) {
      return 0;
    }

    @Override
    public BlockKey first(long saltHash, TokenSpan block) {
      return new BlockKey(1, 1);
    }

    @Override
    public BlockKey next(long saltHash, BlockKey parent, TokenSpan block) {
      return new BlockKey(2, 2);
    }
  }

  private static final class AlsoNamed extends Named {
    AlsoNamed(String name) {
      super(name);
    }
  }

  @Test
  void builtInSchemesAreFoundByTheirPersistedNames() {
    assertThat(HashSchemes.of("xxh3-64-v2")).isInstanceOf(Xxh3HashScheme.class);
    assertThat(HashSchemes.of("xxh3-64-v1")).isInstanceOf(Xxh3V1HashScheme.class);
    assertThat(HashSchemes.of("positional-lineage-128"))
        .isInstanceOf(PositionalLineageScheme.class);
    assertThat(HashSchemes.of(KvBlockManagerConfig.DEFAULT_HASH_SCHEME))
        .isSameAs(HashSchemes.builtIn().getFirst());
  }

  @Test
  void serviceLoaderFindsTheSameOnes() {
    assertThat(ServiceLoader.load(HashScheme.class))
        .extracting(HashScheme::name)
        .contains("xxh3-64-v1", "xxh3-64-v2", "positional-lineage-128");
  }

  @Test
  void unknownNameIsAnsweredWithTheNearest() {
    assertThatThrownBy(() -> HashSchemes.of("xxh3-64-v3"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("xxh3-64-v3", "the nearest is 'xxh3-64-v1'", "positional-lineage");
  }

  @Test
  void othersAreFoundToo() {
    HashScheme mine = new Named("mine");
    assertThat(HashSchemes.of("mine", List.of(new Xxh3HashScheme(), mine))).isSameAs(mine);
  }

  @Test
  void twoClassesOfOneNameAreRefusedNamingBoth() {
    for (String name : List.of("mine", "xxh3-64-v2")) {
      assertThatThrownBy(
              () -> HashSchemes.of("mine", List.of(new Named(name), new AlsoNamed(name))))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContainingAll(name, "Named");
    }
  }

  @Test
  void providerThatCannotBeLoadedIsReported() {
    Iterable<HashScheme> broken =
        () -> {
          throw new ServiceConfigurationError("broken.jar");
        };
    assertThatThrownBy(() -> HashSchemes.among("mine", broken))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("broken.jar");
  }
}
