package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.tier.CacheLevel;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReplayTiersTest {

  @TempDir private Path folder;

  /** One tier of four blocks. */
  private ReplayOptions options(CacheLevel level, String backend) {
    Map<CacheLevel, Integer> capacities =
        Map.of(
            CacheLevel.DEVICE, level == CacheLevel.DEVICE ? 4 : 0,
            CacheLevel.HOST, level == CacheLevel.HOST ? 4 : 0,
            CacheLevel.DISK, level == CacheLevel.DISK ? 4 : 0);
    Map<CacheLevel, String> backends =
        Map.of(CacheLevel.DEVICE, backend, CacheLevel.HOST, backend, CacheLevel.DISK, backend);
    Map<CacheLevel, String> policies =
        Map.of(CacheLevel.DEVICE, "lru", CacheLevel.HOST, "lru", CacheLevel.DISK, "lru");
    return new ReplayOptions(capacities, backends, 4096, policies, Map.of(), folder, 0);
  }

  @ParameterizedTest
  @EnumSource(CacheLevel.class)
  void a_file_has_no_name_while_it_is_used_so_that_a_killed_run_leaves_none(CacheLevel level) {
    try (Platform platform = Platform.load();
        KvBlockManager tiers = ReplayTiers.open(options(level, "disk"), platform)) {
      assertThat(tiers.tiers()).singleElement().matches(tier -> tier.level() == level);
      assertThat(tiers.tiers().getFirst().storageKind()).isEqualTo("disk");
      assertThat(folder).isEmptyDirectory();
    }
  }

  @Test
  void a_backend_that_knows_no_directory_says_so() {
    try (Platform platform = Platform.load()) {
      assertThatThrownBy(() -> ReplayTiers.open(options(CacheLevel.DISK, "system"), platform))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("backend 'system' knows no setting 'dir'");
    }
  }
}
