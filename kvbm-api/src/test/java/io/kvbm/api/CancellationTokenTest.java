package io.kvbm.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CancellationTokenTest {

  private final CancellationToken token = new CancellationToken();
  private final List<String> ran = new ArrayList<>();

  @Test
  void callbacksRunOnceInOrder() {
    token.onCancel(() -> ran.add("first"));
    token.onCancel(() -> ran.add("second"));
    assertThat(token.isCancelled()).isFalse();
    token.cancel();
    token.cancel();
    assertThat(token.isCancelled()).isTrue();
    assertThat(ran).containsExactly("first", "second");
  }

  @Test
  void lateCallbackRunsAtOnce() {
    token.cancel();
    token.onCancel(() -> ran.add("late")).close();
    assertThat(ran).containsExactly("late");
  }

  @Test
  void closedRegistrationDoesNotRun() {
    Runnable callback = () -> ran.add("x");
    CancellationToken.Registration one = token.onCancel(callback);
    token.onCancel(callback);
    one.close();
    one.close();
    token.cancel();
    assertThat(ran).as("the other registration of the same callback stays").containsExactly("x");
  }

  @Test
  void failingCallbackDoesNotKeepOthersFromRunning() {
    RuntimeException first = new CallerException(ErrorCode.INVALID_ARGUMENT, "first");
    RuntimeException second = new CallerException(ErrorCode.INVALID_ARGUMENT, "second");
    token.onCancel(
        () -> {
          throw first;
        });
    token.onCancel(
        () -> {
          throw second;
        });
    token.onCancel(() -> ran.add("third"));
    assertThatThrownBy(token::cancel).isSameAs(first).hasSuppressedException(second);
    assertThat(ran).containsExactly("third");
  }

  @Test
  void callbacksThatFailWithOneExceptionAllRun() {
    RuntimeException shared = new CallerException(ErrorCode.INVALID_ARGUMENT, "all fail");
    for (int i = 0; i < 3; i++) {
      token.onCancel(
          () -> {
            ran.add("ran");
            throw shared;
          });
    }
    assertThatThrownBy(token::cancel).isSameAs(shared);
    assertThat(ran).hasSize(3);
  }

  @Test
  void childIsCancelledWithItsParentAndAlone() {
    CancellationToken child = token.child();
    CancellationToken sibling = token.child();
    child.cancel();
    assertThat(token.isCancelled()).isFalse();
    assertThat(sibling.isCancelled()).isFalse();
    token.cancel();
    assertThat(sibling.isCancelled()).isTrue();
    assertThat(token.child().isCancelled()).as("a child of a cancelled token").isTrue();
  }

  @Test
  void grandchildHearsOfTheRoot() {
    CancellationToken grandchild = token.child().child();
    grandchild.onCancel(() -> ran.add("grandchild"));
    token.cancel();
    assertThat(ran).containsExactly("grandchild");
  }

  @Test
  void racingCancelsAndRegistrationsRunEachCallbackOnce() throws Exception {
    int threads = 4;
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      for (int round = 0; round < 500; round++) {
        CancellationToken raced = new CancellationToken();
        AtomicInteger calls = new AtomicInteger();
        CyclicBarrier start = new CyclicBarrier(threads);
        List<Future<?>> results = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
          boolean cancels = thread % 2 == 0;
          results.add(
              executor.submit(
                  () -> {
                    start.await();
                    if (cancels) {
                      raced.cancel();
                    } else {
                      raced.onCancel(calls::incrementAndGet);
                    }
                    return null;
                  }));
        }
        for (Future<?> result : results) {
          result.get();
        }
        assertThat(calls).as("round %d", round).hasValue(2);
      }
    }
  }
}
