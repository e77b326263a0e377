package io.kvbm.core.retention;

import static io.kvbm.core.retention.TestPool.chain;
import static io.kvbm.core.retention.TestPool.key;
import static io.kvbm.core.retention.TestPool.keys;
import static io.kvbm.core.retention.TestPool.register;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.core.pool.BlockPool;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class NamespacesTest {

  private final Namespaces namespaces = new Namespaces(3, 4);
  private final BlockPool device = TestPool.of(16, namespaces.tier("device"));
  private final BlockPool host = TestPool.of(16, namespaces.tier("host"));

  @Test
  void blocks_count_for_who_claimed_them_in_each_tier() {
    namespaces.claim("a", keys(1, 2));
    namespaces.claim("b", keys(11));
    chain(device, 1, 2);
    chain(device, 11);
    chain(host, 1);

    assertThat(blocks("a", "device")).isEqualTo(2);
    assertThat(blocks("a", "host")).isEqualTo(1);
    assertThat(blocks("b", "device")).isEqualTo(1);
    device.resetBlocks(keys(2, 1));
    assertThat(blocks("a", "device")).isZero();
    assertThat(namespaces.namespaceOf(key(1))).contains("a");
    assertThat(namespaces.namespaceOf(key(2))).isEmpty();
  }

  @Test
  void an_unclaimed_block_belongs_where_its_parent_does() {
    namespaces.claim("a", keys(1));
    chain(device, 1, 2, 3);
    chain(device, 50, 51);

    assertThat(blocks("a", "device")).isEqualTo(3);
    assertThat(blocks("", "device")).isEqualTo(2);
    assertThat(namespaces.idOf("")).isEqualTo(Namespaces.UNCLAIMED);
  }

  @Test
  void the_first_claim_holds_until_no_tier_has_the_block() {
    namespaces.claim("a", keys(1));
    chain(device, 1);
    chain(host, 1);
    namespaces.claim("b", keys(1));
    device.resetBlocks(keys(1));
    assertThat(namespaces.namespaceOf(key(1))).contains("a");
    host.resetBlocks(keys(1));

    namespaces.claim("b", keys(1));
    chain(host, 1);

    assertThat(blocks("b", "host")).isEqualTo(1);
    assertThat(blocks("a", "host")).isZero();
  }

  @Test
  void claims_of_blocks_that_never_come_are_forgotten_the_oldest_first() {
    namespaces.claim("a", keys(1, 2, 3, 4));
    register(device, key(1), null).close();
    namespaces.claim("a", keys(5, 6));

    assertThat(namespaces.namespaceOf(key(1))).contains("a");
    assertThat(namespaces.namespaceOf(key(2))).isEmpty();
    assertThat(namespaces.namespaceOf(key(3))).contains("a");
  }

  @Test
  void who_is_most_above_its_quota_must_give_first() {
    namespaces.claim("a", keys(1));
    chain(device, 1, 2, 3, 4, 5, 6);
    namespaces.claim("b", keys(11));
    chain(device, 11, 12, 13);
    namespaces.setQuota("a", "device", 4);
    assertThat(namespaces.overQuota("device"))
        .contains(new NamespaceUsage("a", namespaces.idOf("a"), "device", 6, 4));
    namespaces.setQuota("b", "device", 1);
    namespaces.setQuota("c", "device", 0);

    assertThat(namespaces.overQuota("device").orElseThrow().namespace()).isEqualTo("b");
    assertThat(namespaces.overQuota("device").orElseThrow().excessBlocks()).isEqualTo(2);
    assertThat(namespaces.overQuota("host")).isEmpty();
    namespaces.setQuota("b", "device", Namespaces.NO_QUOTA);
    namespaces.setQuota("a", "device", 6);
    assertThat(namespaces.overQuota("device")).isEmpty();
  }

  @Test
  void an_emptied_tier_counts_nothing_and_leaves_the_others_alone() {
    namespaces.claim("a", keys(1));
    chain(device, 1, 2);
    chain(host, 1);
    device.reset();

    assertThat(blocks("a", "device")).isZero();
    assertThat(blocks("a", "host")).isEqualTo(1);
    assertThat(namespaces.namespaceOf(key(2))).isEmpty();
    chain(device, 1);
    assertThat(blocks("a", "device")).isEqualTo(1);
  }

  @Test
  void there_are_no_more_namespaces_than_allowed() {
    namespaces.idOf("a");
    namespaces.idOf("b");
    assertThat(namespaces.idOf("c")).isEqualTo(3).isEqualTo(namespaces.idOf("c"));

    assertThatExceptionOfType(CapacityException.class)
        .isThrownBy(() -> namespaces.claim("d", keys(1)))
        .withMessageContaining("there are 3 namespaces, 'd' would be one too many");
  }

  @Test
  void wrong_calls_are_refused() {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> namespaces.tier("host"))
        .withMessageContaining("tier host is there already");
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> namespaces.overQuota("disk"))
        .withMessageContaining("no tier disk reports to these namespaces, only [device, host]");
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> namespaces.setQuota("a", "host", -1));
  }

  @Test
  void statistics_name_every_namespace_in_every_tier() {
    namespaces.setQuota("a", "host", 7);

    assertThat(namespaces.statistics())
        .containsExactly(
            new NamespaceUsage("", 0, "device", 0, Namespaces.NO_QUOTA),
            new NamespaceUsage("", 0, "host", 0, Namespaces.NO_QUOTA),
            new NamespaceUsage("a", 1, "device", 0, Namespaces.NO_QUOTA),
            new NamespaceUsage("a", 1, "host", 0, 7));
  }

  /** {@return the numbers of those that must give blocks of a tier, the first to give first} */
  static List<Integer> givers(Namespaces namespaces, int tier) {
    List<Integer> givers = new ArrayList<>();
    int slot =
        namespaces.firstOfGivers(
            tier,
            id -> {
              givers.add(id);
              return EvictionPolicy.NONE;
            });
    assertThat(slot).isEqualTo(EvictionPolicy.NONE);
    return givers;
  }

  @Test
  void the_first_giver_that_has_a_block_gives_it() {
    namespaces.claim("a", keys(1));
    chain(device, 1, 2);
    namespaces.claim("b", keys(11));
    chain(device, 11);
    namespaces.setQuota("a", "device", 0);
    namespaces.setQuota("b", "device", 0);
    int later = namespaces.idOf("b");

    assertThat(givers(namespaces, 0)).containsExactly(namespaces.idOf("a"), later);
    assertThat(namespaces.firstOfGivers(0, id -> id == later ? 7 : EvictionPolicy.NONE))
        .isEqualTo(7);
  }

  @Test
  void who_must_give_follows_from_what_is_there_expected_and_allowed() {
    long seed = ThreadLocalRandom.current().nextLong();
    GiversModel model = new GiversModel(new SplittableRandom(seed));
    for (int step = 0; step < 4000; step++) {
      model.step();
      for (int tier = 0; tier < GiversModel.TIERS; tier++) {
        assertThat(givers(model.namespaces, tier))
            .as("tier %d, step %d, seed %d", tier, step, seed)
            .isEqualTo(model.givers(tier));
      }
    }
  }

  private long blocks(String name, String tier) {
    return namespaces.statistics().stream()
        .filter(usage -> usage.namespace().equals(name) && usage.tier().equals(tier))
        .mapToLong(NamespaceUsage::blocks)
        .sum();
  }
}
