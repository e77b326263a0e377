package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArcFollowerTest {

  private static final int CAPACITY = 160;

  private final ArcShadow leader = new ArcShadow(CAPACITY, ShadowCaches.slotCount(CAPACITY, 1));
  private final EvictedBlocks evicted = new EvictedBlocks(CAPACITY);
  private final ArcFollower follower = new ArcFollower(CAPACITY, leader, evicted);

  private int insert(long key) {
    return follower.insert(evicted.find(Mixing.mix(key)));
  }

  private void evict(long key, int segment) {
    follower.leave(segment);
    evicted.remember(Mixing.mix(key), 1, segment);
    follower.evicted();
  }

  @Test
  void a_block_that_is_back_soon_after_its_eviction_counts_as_used_again() {
    for (int key = 0; key < CAPACITY; key++) {
      assertThat(insert(key)).isEqualTo(ArcFollower.ONCE);
      follower.rise();
    }
    evict(3, ArcFollower.AGAIN);

    assertThat(insert(3)).isEqualTo(ArcFollower.AGAIN);
    assertThat(insert(1_000)).isEqualTo(ArcFollower.ONCE);
  }

  @Test
  void where_all_blocks_were_used_once_their_ghosts_do_not_count() {
    for (int key = 0; key < CAPACITY; key++) {
      insert(key);
    }
    for (int key = 0; key < 40; key++) {
      evict(key, ArcFollower.ONCE);
      insert(1_000 + key);
    }

    assertThat(insert(0)).isEqualTo(ArcFollower.ONCE);
  }

  @Test
  void a_ghost_older_than_the_tier_is_large_is_none() {
    for (int key = 0; key < CAPACITY; key++) {
      insert(key);
      follower.rise();
    }
    evict(0, ArcFollower.AGAIN);
    for (int key = 1; key < CAPACITY; key++) {
      insert(1_000 + key);
      follower.rise();
      evict(key, ArcFollower.AGAIN);
    }
    for (int key = 1; key < CAPACITY; key++) {
      insert(2_000 + key);
      follower.rise();
      evict(1_000 + key, ArcFollower.AGAIN);
    }

    assertThat(insert(0)).isEqualTo(ArcFollower.ONCE);
  }

  @Test
  void the_share_of_the_shadow_is_that_of_the_tier() {
    for (int key = 0; key < CAPACITY; key++) {
      insert(key);
    }
    assertThat(follower.victimSegment()).isEqualTo(ArcFollower.ONCE); // the share is none yet

    for (int slot = 0; slot < CAPACITY; slot++) { // half used again, half of the others evicted
      leader.entered(slot, 0, slot);
      if (slot % 2 == 0) {
        leader.touched(slot, 0, slot);
      }
    }
    for (int i = 0; i < 60; i++) {
      leader.entered(leader.evict(0), 0, 0); // a ghost is back: the share was too small
    }
    assertThat(leader.targetShare()).isGreaterThan(0.15);

    follower.rise();
    for (int i = 0; i < CAPACITY * 9 / 10; i++) {
      follower.rise();
    }
    assertThat(follower.victimSegment()).isEqualTo(ArcFollower.AGAIN);
  }
}
