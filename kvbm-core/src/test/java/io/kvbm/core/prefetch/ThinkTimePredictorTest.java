package io.kvbm.core.prefetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.kvbm.api.CallerException;
import io.kvbm.api.policy.Predictor.Prediction;
import java.util.List;
import org.junit.jupiter.api.Test;

class ThinkTimePredictorTest {

  private static final long SECOND = 1_000_000_000L;

  private final ThinkTimePredictor predictor = new ThinkTimePredictor(100, 20 * SECOND);

  @Test
  void nothing_is_guessed_of_what_was_never_seen_to_go_on() {
    predictor.observe("new", 0);

    assertThat(predictor.predict(SECOND, 10)).isEmpty();
  }

  @Test
  void the_next_turn_is_expected_when_the_user_usually_comes_back() {
    long end = converse("a", 0, 60 * SECOND, 20);

    assertThat(predictor.predict(end + SECOND, 10)).isEmpty();
    Prediction early = only(predictor.predict(end + 35 * SECOND, 10));
    Prediction due = only(predictor.predict(end + 50 * SECOND, 10));

    assertThat(early.probability()).isLessThan(0.4);
    assertThat(due.probability()).isGreaterThan(0.8);
    assertThat((double) (early.expectedNanos() - end) / SECOND).isCloseTo(60, within(10.0));
    assertThat(due.expectedNanos()).isGreaterThanOrEqualTo(end + 50 * SECOND);
  }

  @Test
  void time_of_the_turn_itself_is_not_thought() {
    long now = 0;
    for (int i = 0; i < 20; i++) {
      predictor.observe("a", now);
      now += 600 * SECOND;
      predictor.turnEnded("a", now);
      now += 10 * SECOND;
    }
    long ended = now - 10 * SECOND;

    Prediction next = only(predictor.predict(ended, 1));

    assertThat((double) (next.expectedNanos() - ended) / SECOND).isCloseTo(10, within(4.0));
    assertThat(next.probability()).isGreaterThan(0.9);
  }

  @Test
  void a_new_conversation_is_guessed_by_the_others() {
    converse("a", 0, 10 * SECOND, 30);
    predictor.ended("a");
    predictor.observe("b", 1_000 * SECOND);

    Prediction guess = only(predictor.predict(1_000 * SECOND, 10));

    assertThat(guess.id()).isEqualTo("b");
    assertThat(guess.probability()).isBetween(0.8, 1.0);
    assertThat((double) (guess.expectedNanos() - 1_000 * SECOND) / SECOND)
        .isCloseTo(10, within(4.0));
  }

  @Test
  void a_conversation_of_its_own_pace_is_guessed_by_itself() {
    for (int i = 0; i < 20; i++) {
      converse("fast" + i, 0, 5 * SECOND, 5);
    }
    long end = converse("slow", 0, 500 * SECOND, 10);

    Prediction slow =
        predictor.predict(end, 100).stream()
            .filter(p -> p.id().equals("slow"))
            .findAny()
            .orElseThrow();

    assertThat(slow.probability()).isLessThan(0.4);
    assertThat(slow.expectedNanos() - end).isGreaterThan(300 * SECOND);
  }

  @Test
  void a_user_that_changes_pace_is_followed() {
    converse("a", 0, 600 * SECOND, 20);
    long end = converse("a", 20_000 * SECOND, 10 * SECOND, 12);

    assertThat(only(predictor.predict(end, 1)).probability()).isGreaterThan(0.5);
  }

  @Test
  void the_longer_a_user_stays_away_beyond_the_usual_the_less_likely_the_next_turn() {
    converse("gone", 0, SECOND, 4);
    for (int i = 0; i < 10; i++) {
      converse("left" + i, 0, 10 * SECOND, 2);
      predictor.ended("left" + i);
    }
    long end = converse("a", 0, 10 * SECOND, 3);

    double soon = probabilityOf("a", end + 5 * SECOND);
    double late = probabilityOf("a", end + 40 * SECOND);

    assertThat(soon).isGreaterThan(0.5);
    assertThat(late).isLessThan(soon / 4);
  }

  @Test
  void a_guess_is_of_those_turns_that_have_not_come_yet() {
    ThinkTimePredictor patient = new ThinkTimePredictor(10, 1_000 * SECOND);
    long now = 0;
    for (int i = 0; i < 20; i++) {
      patient.observe("a", now);
      now += i % 2 == 0 ? 10 * SECOND : 700 * SECOND;
    }
    patient.observe("a", now);

    assertThat(only(patient.predict(now + 100 * SECOND, 1)).probability()).isGreaterThan(0.95);
  }

  @Test
  void conversations_that_ended_make_the_next_turn_of_others_less_likely() {
    converse("a", 0, 10 * SECOND, 11);
    predictor.observe("b", 1_000 * SECOND);
    double before = probabilityOf("b", 1_000 * SECOND);
    for (int i = 0; i < 10; i++) {
      predictor.observe("left" + i, 1_000 * SECOND);
      predictor.ended("left" + i);
    }

    assertThat(probabilityOf("b", 1_000 * SECOND)).isBetween(before * 0.4, before * 0.6);
  }

  @Test
  void the_likeliest_come_first_and_no_more_than_asked_for() {
    long end = converse("far", 0, 1_000 * SECOND, 20);
    converse("near", end - 19 * 10 * SECOND, 10 * SECOND, 20);
    converse("nearer", end - 19 * 8 * SECOND, 8 * SECOND, 20);

    List<Prediction> all = predictor.predict(end, 10);

    assertThat(all).isSortedAccordingTo((a, b) -> Double.compare(b.probability(), a.probability()));
    assertThat(all.getLast().id()).isEqualTo("far");
    assertThat(predictor.predict(end, 2)).isEqualTo(all.subList(0, 2));
  }

  @Test
  void the_least_recently_used_conversation_is_forgotten() {
    ThinkTimePredictor small = new ThinkTimePredictor(2, SECOND);
    small.observe("a", 0);
    small.observe("b", 1);
    small.observe("a", SECOND / 2);
    small.observe("c", SECOND);

    assertThat(small.conversationCount()).isEqualTo(2);
    assertThat(small.predict(SECOND, 10))
        .extracting(Prediction::id)
        .contains("a")
        .doesNotContain("b");
  }

  @Test
  void turns_that_end_unheard_of_are_left_out_and_clocks_may_step_back() {
    predictor.turnEnded("x", 5);
    predictor.ended("x");
    predictor.observe("a", 10 * SECOND);
    predictor.observe("a", 5 * SECOND);

    assertThat(predictor.conversationCount()).isEqualTo(1);
    assertThat(only(predictor.predict(0, 1)).probability()).isBetween(0.0, 1.0);
  }

  @Test
  void no_conversations_or_no_horizon_are_refused() {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> new ThinkTimePredictor(0, 1))
        .withMessageContaining("guesses nothing");
    assertThatExceptionOfType(CallerException.class).isThrownBy(() -> new ThinkTimePredictor(1, 0));
  }

  /** Takes turns and returns when the last one began. */
  private long converse(String id, long start, long thinkNanos, int turns) {
    long now = start;
    for (int i = 0; i < turns; i++) {
      predictor.observe(id, now);
      now += thinkNanos;
    }
    return now - thinkNanos;
  }

  private double probabilityOf(String id, long now) {
    return predictor.predict(now, 100).stream()
        .filter(guess -> guess.id().equals(id))
        .mapToDouble(Prediction::probability)
        .sum();
  }

  private static Prediction only(List<Prediction> predictions) {
    assertThat(predictions).hasSize(1);
    return predictions.getFirst();
  }
}
