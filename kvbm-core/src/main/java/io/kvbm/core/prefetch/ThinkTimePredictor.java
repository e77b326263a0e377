package io.kvbm.core.prefetch;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.Predictor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Guesses which conversation goes on soon, from how long its user took before: the think time, from
 * the end of one turn to the beginning of the next.
 *
 * <p>A conversation's own think times count as they are, and those of all conversations together as
 * much as a few observations of it, so that a new conversation is guessed by the others and an old
 * one by itself. What is guessed is the probability that the next turn comes within the horizon,
 * given that it has not come so far. A conversation that is forgotten while it is waited for counts
 * as one that never goes on.
 *
 * <p>Memory: about 400 bytes a conversation, of which the least recently used are forgotten above
 * the bound. A prediction looks at each of them. Threading: safe from any thread.
 */
public final class ThinkTimePredictor implements Predictor {

  /** Of a conversation's observation this is left at its next one: about the last ten count. */
  private static final float OWN_DECAY = 0.9f;

  /** Of everybody's observations about the last thousand count. */
  private static final float SHARED_DECAY = 0.999f;

  /** All conversations together count as so many observations of one. */
  private static final double SHARED_WEIGHT = 3;

  private static final int BISECTIONS = 48;

  private final int maxConversations;
  private final long horizonNanos;
  private final TimeHistogram shared = new TimeHistogram(SHARED_DECAY);
  private final Map<String, Conversation> conversations = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Creates a predictor that knows nothing.
   *
   * @param maxConversations so many are remembered at most, at least 1
   * @param horizonNanos probabilities are of a turn that begins within so long, at least 1
   */
  public ThinkTimePredictor(int maxConversations, long horizonNanos) {
    if (maxConversations < 1 || horizonNanos < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a predictor of %d conversations within %d ns guesses nothing: give 1 or more of both"
              .formatted(maxConversations, horizonNanos));
    }
    this.maxConversations = maxConversations;
    this.horizonNanos = horizonNanos;
  }

  /**
   * A turn of a conversation begins.
   *
   * @param id the conversation
   * @param timeNanos when, on the platform's clock
   */
  @Override
  public synchronized void observe(String id, long timeNanos) {
    Conversation conversation = conversations.get(id);
    if (conversation == null) {
      conversations.put(id, new Conversation(timeNanos));
      forgetOldest();
      return;
    }
    long thoughtNanos = Math.max(0, timeNanos - conversation.sinceNanos);
    conversation.own().add(thoughtNanos);
    shared.add(thoughtNanos);
    conversation.sinceNanos = timeNanos;
  }

  /**
   * The turn of a conversation ended: its user begins to think. Where nobody says so, the time of
   * the turn counts as thought too.
   *
   * @param id the conversation; one that is not known is left out
   * @param timeNanos when, on the platform's clock
   */
  public synchronized void turnEnded(String id, long timeNanos) {
    Conversation conversation = conversations.get(id);
    if (conversation != null) {
      conversation.sinceNanos = timeNanos;
    }
  }

  /**
   * A conversation is over: nothing is expected of it any more.
   *
   * @param id the conversation; one that is not known is left out
   */
  public synchronized void ended(String id) {
    if (conversations.remove(id) != null) {
      shared.addNever();
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>The expected time is the median of the turns that come at all, not before now.
   */
  @Override
  public synchronized List<Prediction> predict(long timeNanos, int limit) {
    List<Guess> guesses = new ArrayList<>();
    conversations.forEach(
        (id, conversation) -> {
          double probability = probability(conversation, timeNanos);
          if (probability > 0) {
            guesses.add(new Guess(id, conversation, probability));
          }
        });
    guesses.sort(Comparator.comparingDouble(Guess::probability).reversed());
    return guesses.stream()
        .limit(limit)
        .map(
            guess ->
                new Prediction(
                    guess.id, guess.probability, expectedNanos(guess.conversation, timeNanos)))
        .toList();
  }

  /** {@return how many conversations are remembered} */
  public synchronized int conversationCount() {
    return conversations.size();
  }

  private void forgetOldest() {
    if (conversations.size() > maxConversations) {
      Iterator<Conversation> oldest = conversations.values().iterator();
      oldest.next();
      oldest.remove();
      shared.addNever();
    }
  }

  /** Returns how likely the next turn begins within the horizon, given that it has not yet. */
  private double probability(Conversation conversation, long timeNanos) {
    double elapsed = conversation.elapsedNanos(timeNanos);
    double before = weightUpTo(conversation, elapsed);
    double left = total(conversation) - before;
    double within = weightUpTo(conversation, elapsed + horizonNanos) - before;
    return left <= 0 || within <= 0 ? 0 : Math.min(1, within / left);
  }

  /** Returns by when half of the turns that are still expected have begun. */
  private long expectedNanos(Conversation conversation, long timeNanos) {
    double low = conversation.elapsedNanos(timeNanos);
    double high = TimeHistogram.longestNanos();
    double half = (weightUpTo(conversation, low) + weightUpTo(conversation, high)) / 2;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      if (weightUpTo(conversation, middle) < half) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return conversation.sinceNanos + (long) high;
  }

  private double weightUpTo(Conversation conversation, double nanos) {
    TimeHistogram own = conversation.own;
    double ownWeight = own == null ? 0 : own.weightUpTo(nanos);
    return shared.total() == 0
        ? ownWeight
        : ownWeight + SHARED_WEIGHT * shared.weightUpTo(nanos) / shared.total();
  }

  private double total(Conversation conversation) {
    TimeHistogram own = conversation.own;
    return (own == null ? 0 : own.total()) + (shared.total() == 0 ? 0 : SHARED_WEIGHT);
  }

  private record Guess(String id, Conversation conversation, double probability) {}

  /** One conversation: since when its user thinks, and how long before. */
  private static final class Conversation {
    private long sinceNanos;
    private @Nullable TimeHistogram own;

    Conversation(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }

    double elapsedNanos(long timeNanos) {
      return Math.max(0, timeNanos - sinceNanos);
    }

    TimeHistogram own() {
      TimeHistogram present = own;
      if (present == null) {
        present = new TimeHistogram(OWN_DECAY);
        own = present;
      }
      return present;
    }
  }
}
