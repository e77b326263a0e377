package io.kvbm.core.prefetch;

import io.kvbm.api.ClosedException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Brings the blocks of a conversation to where its next turn uses them, shortly before that turn is
 * expected, and any blocks somebody asks for.
 *
 * <p>Whoever serves conversations says when a turn begins and ends; from the times between them the
 * next one is predicted ({@link ThinkTimePredictor}). A conversation is prefetched once between two
 * turns, or again where that did not load what was to be loaded.
 *
 * <p>Threading: safe from any thread, but not to be called under a pool's lock. Ownership: closes
 * its prefetcher; clock, deadlines and executor stay the caller's.
 */
public final class ConversationPrefetcher implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(ConversationPrefetcher.class.getName());

  /** What a conversation's next turn begins with, and whether it was asked for. */
  private static final class Memory {
    private final List<BlockKey> keys;
    private boolean requested;

    Memory(List<BlockKey> keys) {
      this.keys = List.copyOf(keys);
    }
  }

  private final PrefetchOptions options;
  private final Prefetcher prefetcher;
  private final ThinkTimePredictor predictor;
  private final Clock clock;
  private final Deadlines deadlines;
  private final Executor executor;

  /** Guards all below. */
  private final Object monitor = new Object();

  /** The least recently used first. */
  private final Map<String, Memory> memories = new LinkedHashMap<>(16, 0.75f, true);

  private int rememberedBlocks;
  private @Nullable Cancellable nextLook;
  private boolean closed;

  /**
   * Creates a prefetcher of no conversations.
   *
   * @param options how
   * @param prefetcher loads blocks; closed with this
   * @param clock the platform's
   * @param deadlines begins looks once {@link #start} was called
   * @param executor runs them
   */
  public ConversationPrefetcher(
      PrefetchOptions options,
      Prefetcher prefetcher,
      Clock clock,
      Deadlines deadlines,
      Executor executor) {
    this.options = options;
    this.prefetcher = prefetcher;
    this.clock = clock;
    this.deadlines = deadlines;
    this.executor = executor;
    predictor = new ThinkTimePredictor(options.maxConversations(), options.horizonNanos());
  }

  /** Begins to look by itself what is expected, as often as the options say. */
  public void start() {
    scheduleLook();
  }

  /**
   * Loads blocks when there is room for it, as {@link Prefetcher#prefetch}.
   *
   * @param keys the blocks, parents before children
   * @param deadlineNanos when they are to be there, on the platform's clock; what was not begun by
   *     then is dropped
   * @return follows and cancels it
   * @throws ClosedException if this is closed
   */
  public PrefetchHandle prefetch(List<BlockKey> keys, long deadlineNanos) {
    return prefetcher.prefetch(keys, deadlineNanos);
  }

  /**
   * A turn of a conversation begins.
   *
   * @param conversation its name
   */
  public void turnBegan(String conversation) {
    predictor.observe(conversation, clock.nanoTime());
    synchronized (monitor) {
      forget(conversation); // its next turn begins with more
    }
  }

  /**
   * A turn of a conversation ended: its user begins to think.
   *
   * @param conversation its name
   * @param keys the blocks the next turn begins with, in order
   */
  public void turnEnded(String conversation, List<BlockKey> keys) {
    predictor.turnEnded(conversation, clock.nanoTime());
    Memory memory = new Memory(keys);
    synchronized (monitor) {
      forget(conversation);
      memories.put(conversation, memory);
      rememberedBlocks += memory.keys.size();
      Iterator<Memory> oldest = memories.values().iterator();
      while (memories.size() > options.maxConversations()
          || rememberedBlocks > options.maxRememberedBlocks()) {
        rememberedBlocks -= oldest.next().keys.size();
        oldest.remove();
      }
    }
  }

  /**
   * A conversation is over: nothing is expected of it any more.
   *
   * @param conversation its name
   */
  public void ended(String conversation) {
    predictor.ended(conversation);
    synchronized (monitor) {
      forget(conversation);
    }
  }

  private void forget(String conversation) {
    Memory memory = memories.remove(conversation);
    if (memory != null) {
      rememberedBlocks -= memory.keys.size();
    }
  }

  /**
   * Prefetches what is expected now, rather than at the next look.
   *
   * @return what was begun
   * @throws ClosedException if this is closed
   */
  public List<PrefetchHandle> prefetchExpected() {
    List<Memory> asked = new ArrayList<>();
    List<PrefetchHandle> begun =
        prefetcher.prefetchPredicted(
            predictor, conversation -> request(conversation, asked), options.maxPredictions());
    for (int i = 0; i < begun.size(); i++) {
      Memory memory = asked.get(i);
      begun
          .get(i)
          .completion()
          .thenAccept(
              report -> {
                if (report.outcome() != PrefetchOutcome.LOADED) {
                  allowAgain(memory);
                }
              });
    }
    return begun;
  }

  private List<BlockKey> request(String conversation, List<Memory> asked) {
    synchronized (monitor) {
      Memory memory = memories.get(conversation);
      if (memory == null || memory.requested || memory.keys.isEmpty()) {
        return List.of();
      }
      memory.requested = true;
      asked.add(memory);
      return memory.keys;
    }
  }

  private void allowAgain(Memory memory) {
    synchronized (monitor) {
      memory.requested = false;
    }
  }

  private void scheduleLook() {
    synchronized (monitor) {
      if (!closed && options.intervalNanos() > 0) {
        nextLook = deadlines.scheduleAfter(options.intervalNanos(), this::lookOnExecutor);
      }
    }
  }

  private void lookOnExecutor() {
    try {
      executor.execute(
          () -> {
            try {
              look();
            } finally {
              scheduleLook(); // whatever went wrong, the next look may go well
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.log(System.Logger.Level.DEBUG, "no more prefetching: the executor has ended", e);
    }
  }

  private void look() {
    try {
      prefetchExpected();
    } catch (ClosedException e) {
      LOG.log(System.Logger.Level.DEBUG, "no more prefetching", e);
    }
  }

  /** {@return what is and was loaded, and of what use that is} */
  public PrefetchStatistics statistics() {
    return prefetcher.statistics();
  }

  /** {@return how many conversations are remembered} */
  public int conversationCount() {
    synchronized (monitor) {
      return memories.size();
    }
  }

  /** Cancels everything and begins nothing more. Idempotent. */
  @Override
  public void close() {
    synchronized (monitor) {
      closed = true;
      if (nextLook != null) {
        nextLook.cancel();
      }
    }
    prefetcher.close();
  }
}
