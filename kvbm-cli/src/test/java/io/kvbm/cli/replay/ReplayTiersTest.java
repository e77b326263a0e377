package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tiering.TieringOptions;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReplayTiersTest {

  @TempDir private Path folder;

  /** One tier of four blocks. */
  private static ReplayOptions options(
      CacheLevel level,
      String backend,
      Map<String, BackendConfig> settings,
      @Nullable Path directory) {
    Map<CacheLevel, Integer> capacities =
        Map.of(
            CacheLevel.DEVICE, level == CacheLevel.DEVICE ? 4 : 0,
            CacheLevel.HOST, level == CacheLevel.HOST ? 4 : 0,
            CacheLevel.DISK, level == CacheLevel.DISK ? 4 : 0);
    Map<CacheLevel, String> backends =
        Map.of(CacheLevel.DEVICE, backend, CacheLevel.HOST, backend, CacheLevel.DISK, backend);
    Map<CacheLevel, String> policies =
        Map.of(CacheLevel.DEVICE, "lru", CacheLevel.HOST, "lru", CacheLevel.DISK, "lru");
    return new ReplayOptions(
        capacities,
        backends,
        4096,
        policies,
        settings,
        directory,
        0,
        TieringOptions.DEFAULT,
        0,
        0,
        new RecomputeCost(8000, 0, 512),
        0,
        null);
  }

  @ParameterizedTest
  @EnumSource(names = {"DEVICE", "HOST"})
  void a_file_has_no_name_while_it_is_used_so_that_a_killed_run_leaves_none(CacheLevel level) {
    try (Platform platform = Platform.load();
        ReplayTiers opened = ReplayTiers.open(scratch(level), platform, null)) {
      KvBlockManager tiers = opened.manager();
      assertThat(opened.warm()).isNull();
      assertThat(tiers.tiers()).singleElement().matches(tier -> tier.level() == level);
      assertThat(tiers.tiers().getFirst().storageKind()).isEqualTo("disk");
      assertThat(folder).isEmptyDirectory();
    }
  }

  @Test
  void a_disk_tier_for_one_run_is_a_block_store_and_leaves_nothing() {
    try (Platform platform = Platform.load()) {
      try (ReplayTiers opened = ReplayTiers.open(scratch(CacheLevel.DISK), platform, null)) {
        assertThat(opened.manager().tiers().getFirst().pool().store()).isPresent();
        assertThat(opened.warm()).isNull();
        assertThat(folder).isNotEmptyDirectory();
      }
    }
    assertThat(folder).isEmptyDirectory();
  }

  private ReplayOptions scratch(CacheLevel level) {
    BackendConfig settings = BackendConfig.of("dir", folder.toString());
    return options(level, "disk", Map.of("disk", settings), null);
  }

  @ParameterizedTest
  @EnumSource(CacheLevel.class)
  void a_directory_of_its_own_makes_the_disk_tier_and_no_other_one_that_lasts(CacheLevel level) {
    try (Platform platform = Platform.load();
        ReplayTiers opened =
            ReplayTiers.open(options(level, "disk", Map.of(), folder), platform, null)) {
      assertThat(opened.manager().tiers().getFirst().pool().store().isPresent())
          .isEqualTo(level == CacheLevel.DISK);
      assertThat(opened.warm() != null).isEqualTo(level == CacheLevel.DISK);
    }
  }

  @Test
  void a_backend_that_knows_no_directory_says_so() {
    try (Platform platform = Platform.load()) {
      assertThatThrownBy(
              () ->
                  ReplayTiers.open(
                      options(CacheLevel.DISK, "system", Map.of(), folder), platform, null))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("backend 'system' knows no setting 'dir'");
    }
  }
}
