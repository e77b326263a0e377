package io.kvbm.core.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockRegistryTest {

  private static final int DEVICE = 0;
  private static final int HOST = 1;
  private static final BlockKey A = BlockKey.derived(1);
  private static final BlockKey B = BlockKey.derived(2);
  private static final BlockKey C = BlockKey.derived(3);

  private final BlockRegistry registry = new BlockRegistry(0);

  @Test
  void case40_droppingADuplicateKeepsPresence() {
    BlockRegistration primary = registry.register(A, DEVICE);
    BlockRegistration duplicate = registry.register(A, DEVICE);
    assertThat(duplicate).isSameAs(primary);

    assertThat(duplicate.release(DEVICE)).isFalse();
    assertThat(registry.isPresent(A, DEVICE)).isTrue();

    assertThat(primary.release(DEVICE)).isTrue();
    assertThat(registry.isPresent(A, DEVICE)).isFalse();
  }

  @Test
  void case40_eachTierCountsItsOwnDuplicates() {
    BlockRegistration registration = registry.register(A, HOST);
    registry.register(A, DEVICE);
    registry.register(A, HOST);
    registry.register(A, HOST);

    assertThat(registration.release(DEVICE)).isTrue();
    assertThat(registration.release(HOST)).isFalse();
    assertThat(registration.release(HOST)).isFalse();
    assertThat(registration.release(HOST)).isTrue();
    assertThat(registration.isStale()).isTrue();
  }

  @Test
  void case50_observersAreCalledInTheOrderOfTheKeys() {
    List<String> calls = new ArrayList<>();
    registry.addObserver(
        (registration, tier, first) -> {
          assertThat(registry.size()).as("all are registered before any call").isEqualTo(3);
          calls.add("one " + registration.key().lo() + " " + first);
        });
    registry.addObserver(
        (registration, tier, first) -> calls.add("two " + registration.key().lo()));

    List<BlockRegistration> registrations = registry.registerAll(List.of(C, A, B, A), HOST);

    assertThat(registrations).extracting(BlockRegistration::key).containsExactly(C, A, B, A);
    assertThat(calls)
        .containsExactly(
            "one 3 true",
            "one 1 true",
            "one 2 true",
            "one 1 false",
            "two 3",
            "two 1",
            "two 2",
            "two 1");
  }

  @Test
  void case50_mixingUniqueAndMultipleAttachmentsIsAnError() {
    BlockRegistration registration = registry.register(A, DEVICE);
    registration.attachUnique(String.class, "one");
    registration.attachMultiple(Integer.class, 1);

    assertRefused(
        () -> registration.attachMultiple(String.class, "two"), ErrorCode.BLOCK_STATE_INVALID);
    assertRefused(() -> registration.attachUnique(Integer.class, 2), ErrorCode.BLOCK_STATE_INVALID);
    assertThat(registration.unique(String.class)).contains("one");
    assertThat(registration.multiple(Integer.class)).containsExactly(1);
  }

  @Test
  void case50_aStaleReleaseDoesNotRemoveTheNewerRegistration() {
    BlockRegistration stale = registry.register(A, DEVICE);
    stale.release(DEVICE);
    BlockRegistration newer = registry.register(A, DEVICE);

    assertThat(stale.release(DEVICE)).isFalse();
    assertThat(newer).isNotSameAs(stale);
    assertThat(registry.isPresent(A, DEVICE)).isTrue();
    assertThat(registry.find(A)).containsSame(newer);
  }

  @Test
  void aRegistrationLivesWhileAnyTierHoldsTheBlock() {
    BlockRegistration registration = registry.register(A, DEVICE);
    assertThat(registry.register(A, HOST)).isSameAs(registration);

    assertThat(registration.release(DEVICE)).isTrue();
    assertThat(registry.isPresent(A, DEVICE)).isFalse();
    assertThat(registry.isPresent(A, HOST)).isTrue();
    assertThat(registry.find(A)).containsSame(registration);

    assertThat(registration.release(HOST)).isTrue();
    assertThat(registry.find(A)).isEmpty();
    assertThat(registry.size()).isZero();
  }

  @Test
  void releasingATierThatDoesNotHoldTheBlockChangesNothing() {
    BlockRegistration registration = registry.register(A, DEVICE);

    assertThat(registration.release(HOST)).isFalse();
    assertThat(registration.isPresent(DEVICE)).isTrue();
  }

  @Test
  void all128BitsOfTheKeyCount() {
    BlockKey sameHash = new BlockKey(A.hi() + 1, A.lo());
    BlockKey sameDigest = new BlockKey(A.hi(), A.lo() + 1);
    registry.register(A, DEVICE);

    assertThat(registry.isPresent(sameHash, DEVICE)).isFalse();
    assertThat(registry.isPresent(sameDigest, DEVICE)).isFalse();
    assertThat(registry.isPresent(new BlockKey(A.hi(), A.lo()), DEVICE)).isTrue();
  }

  @Test
  void attachmentsStayAsLongAsTheRegistration() {
    BlockRegistration registration = registry.register(A, DEVICE);
    assertThat(registration.unique(String.class)).isEmpty();
    assertThat(registration.multiple(String.class)).isEmpty();
    assertThat(registration.attachUnique(String.class, "old")).isEmpty();
    assertThat(registration.attachUnique(String.class, "new")).contains("old");
    registration.attachMultiple(Integer.class, 1);
    registration.attachMultiple(Integer.class, 2);

    assertThat(registry.register(A, HOST).unique(String.class)).contains("new");
    assertThat(registration.multiple(Integer.class)).containsExactly(1, 2);

    registration.release(DEVICE);
    registration.release(HOST);
    assertThat(registry.register(A, DEVICE).unique(String.class)).isEmpty();
    assertRefused(
        () -> registration.attachUnique(String.class, "late"), ErrorCode.BLOCK_STATE_INVALID);
    assertRefused(() -> registration.onTouch(key -> {}), ErrorCode.BLOCK_STATE_INVALID);
  }

  @Test
  void touchTellsTheListenersInOrder() {
    List<String> calls = new ArrayList<>();
    BlockRegistration registration = registry.register(A, DEVICE);
    registration.touch();
    registration.onTouch(key -> calls.add("first " + key.lo()));
    registration.onTouch(key -> calls.add("second " + key.lo()));
    registration.touch();

    assertThat(calls).containsExactly("first 1", "second 1");
  }

  @Test
  void aTierIndexOutOfRangeIsRefused() {
    assertRefused(() -> registry.register(A, -1), ErrorCode.INVALID_ARGUMENT);
    assertRefused(() -> registry.register(A, BlockRegistry.MAX_TIERS), ErrorCode.INVALID_ARGUMENT);
    assertRefused(() -> new BlockRegistry(-1), ErrorCode.INVALID_ARGUMENT);
    assertThat(registry.size()).isZero();

    registry.register(A, BlockRegistry.MAX_TIERS - 1);
    assertThat(registry.isPresent(A, BlockRegistry.MAX_TIERS - 1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void agreesWithAMapOnRandomCalls(long seed) {
    Random random = new Random(seed);
    Map<BlockKey, int[]> model = new HashMap<>();
    Map<BlockKey, BlockRegistration> registrations = new HashMap<>();
    for (int step = 0; step < 20_000; step++) {
      BlockKey key = BlockKey.derived(random.nextInt(3_000));
      int tier = random.nextInt(3);
      int[] counts = model.computeIfAbsent(key, any -> new int[3]);
      if (random.nextInt(5) < 3) {
        registrations.put(key, registry.register(key, tier));
        counts[tier]++;
      } else if (registrations.containsKey(key)) {
        boolean last = registrations.get(key).release(tier);
        assertThat(last).as("seed %d step %d", seed, step).isEqualTo(counts[tier] == 1);
        counts[tier] = Math.max(0, counts[tier] - 1);
      }
      assertThat(registry.isPresent(key, tier))
          .as("seed %d step %d", seed, step)
          .isEqualTo(counts[tier] > 0);
    }
    assertThat(registry.size())
        .as("seed %d", seed)
        .isEqualTo((int) model.values().stream().filter(c -> c[0] + c[1] + c[2] > 0).count());
  }

  private static void assertRefused(ThrowingCallable call, ErrorCode code) {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.code()).isEqualTo(code));
  }
}
