package io.kvbm.cli.trace;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.agrona.collections.LongArrayList;

/**
 * Makes up a chat service's requests: what a trace holds that nobody had to record.
 *
 * <p>Users chat side by side. A chat begins with one of a few system prompts, some far more popular
 * than others; each turn sends the whole chat so far and a new question, and the answer becomes
 * part of the next turn. Between turns the user thinks; some users come back much sooner than
 * others. A chat ends after some turns and its user begins a new one. A block that was not there
 * before gets a hash that no other block has.
 *
 * <p>The same parameters give the same trace, on every machine.
 *
 * @param requests how many requests to make, above 0
 * @param conversations how many users chat side by side, above 0
 * @param seed picks one of the possible traces
 */
public record ChatWorkload(int requests, int conversations, long seed) {

  private static final double MEAN_THINK_NANOS = 20e9;
  private static final double USER_SKEW = 0.8;
  private static final double PROMPT_SKEW = 1.0;
  private static final int USERS_PER_PROMPT = 16;
  private static final int MAX_PROMPTS = 32;
  private static final int MIN_PROMPT_BLOCKS = 8;
  private static final int MAX_PROMPT_BLOCKS = 40;
  private static final int MAX_QUESTION_BLOCKS = 5;
  private static final int MAX_ANSWER_BLOCKS = 3;
  private static final double LAST_TURN_CHANCE = 0.1;

  /** A chat's end: what no context window holds. */
  private static final int MAX_CHAT_BLOCKS = 256;

  /** Checks the parameters. */
  public ChatWorkload {
    requireAboveZero("requests", requests);
    requireAboveZero("conversations", conversations);
  }

  /** {@return the trace; its requests are in the order of their arrival} */
  public Trace generate() {
    return new Run().generate();
  }

  private static void requireAboveZero(String name, int value) {
    if (value < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a chat workload needs at least 1 of " + name + ", got " + value);
    }
  }

  /** One user and the chat that goes on. */
  private static final class User {
    private final int index;
    private final double meanThinkNanos;
    private final LongArrayList chat = new LongArrayList();
    private long nextNanos;

    private User(int index) {
      this.index = index;
      this.meanThinkNanos = MEAN_THINK_NANOS * StrictMath.pow(index + 1, USER_SKEW);
    }
  }

  private final class Run {

    private final SplittableRandom random = new SplittableRandom(seed);
    private final long hashSalt = scramble(seed);
    private final List<long[]> prompts = new ArrayList<>();
    private final double[] promptShares;
    private long blockCount;

    private Run() {
      int count = Math.clamp(conversations / USERS_PER_PROMPT, 1, MAX_PROMPTS);
      promptShares = new double[count];
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum += 1 / StrictMath.pow(i + 1, PROMPT_SKEW);
        promptShares[i] = sum;
        prompts.add(newBlocks(random.nextInt(MIN_PROMPT_BLOCKS, MAX_PROMPT_BLOCKS + 1)));
      }
    }

    private Trace generate() {
      PriorityQueue<User> users =
          new PriorityQueue<>(
              Comparator.comparingLong((User user) -> user.nextNanos)
                  .thenComparingInt(user -> user.index));
      for (int i = 0; i < conversations; i++) {
        User user = new User(i);
        user.nextNanos = think(user);
        users.add(user);
      }
      Trace.Builder trace = new Trace.Builder();
      while (trace.requestCount() < requests) {
        User user = users.remove();
        serve(user, trace);
        user.nextNanos += think(user);
        users.add(user);
      }
      return trace.build("chat workload, seed " + seed);
    }

    private void serve(User user, Trace.Builder trace) {
      if (user.chat.isEmpty()) {
        append(user, pickPrompt());
      }
      append(user, newBlocks(random.nextInt(1, MAX_QUESTION_BLOCKS + 1)));
      for (int i = 0; i < user.chat.size(); i++) {
        trace.addBlock(user.chat.getLong(i));
      }
      trace.endRequest(user.nextNanos);
      append(user, newBlocks(random.nextInt(1, MAX_ANSWER_BLOCKS + 1)));
      if (random.nextDouble() < LAST_TURN_CHANCE || user.chat.size() > MAX_CHAT_BLOCKS) {
        user.chat.clear();
      }
    }

    private long[] pickPrompt() {
      double point = random.nextDouble() * promptShares[promptShares.length - 1];
      int index = 0;
      while (promptShares[index] < point) {
        index++;
      }
      return prompts.get(index);
    }

    /**
     * Waiting times without memory; StrictMath, because Math may differ in the last bit between
     * machines.
     */
    private long think(User user) {
      return 1 + (long) (-StrictMath.log(1 - random.nextDouble()) * user.meanThinkNanos);
    }

    private long[] newBlocks(int count) {
      long[] hashes = new long[count];
      for (int i = 0; i < count; i++) {
        hashes[i] = scramble(blockCount++ ^ hashSalt);
      }
      return hashes;
    }

    private static void append(User user, long[] hashes) {
      for (long hash : hashes) {
        user.chat.addLong(hash);
      }
    }

    /**
     * Spreads numbers over 64 bits, one to one: odd factors and shifted differences can be undone.
     */
    private static long scramble(long value) {
      long mixed = value * 0x9E3779B97F4A7C15L;
      mixed = (mixed ^ mixed >>> 32) * 0xD6E8FEB86659FD93L;
      return mixed ^ mixed >>> 29;
    }
  }
}
