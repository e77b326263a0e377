package io.kvbm.cli.replay;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.Block;
import io.kvbm.api.block.BlockKey;
import io.kvbm.cli.peers.ChildProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/** A top tier whose blocks have their bytes on workers, which all are asked at once. */
final class ShardedTop implements TopBlocks {

  private static final Duration ANSWER = Duration.ofSeconds(60);

  private final Map<String, ChildProcess> workers;
  private final BiConsumer<String, KvbmException> lost;

  /**
   * @param workers by name; they stay the caller's
   * @param lost hears of a worker that does not answer, before the call fails
   */
  ShardedTop(Map<String, ChildProcess> workers, BiConsumer<String, KvbmException> lost) {
    this.workers = workers;
    this.lost = lost;
  }

  @Override
  public void fill(List<? extends Block> blocks, List<BlockKey> keys) {
    ask(question(ServedShards.FILL, blocks, keys), ServedShards.FILLED);
  }

  @Override
  public List<Integer> wrong(List<? extends Block> blocks, List<BlockKey> keys) {
    return blocks.isEmpty()
        ? List.of()
        : ask(question(ServedShards.CHECK, blocks, keys), ServedShards.CHECKED);
  }

  private static String question(String what, List<? extends Block> blocks, List<BlockKey> keys) {
    StringBuilder question = new StringBuilder(what);
    for (int i = 0; i < blocks.size(); i++) {
      question.append(' ').append(ServedShards.word(blocks.get(i).blockId(), keys.get(i).lo()));
    }
    return question.toString();
  }

  /** {@return the blocks that any of them named, after all have answered} */
  private List<Integer> ask(String question, String word) {
    TreeSet<Integer> named = new TreeSet<>();
    List<KvbmException> failures = new ArrayList<>();
    List<String> asked = new ArrayList<>();
    workers.forEach(
        (name, worker) ->
            tell(
                name,
                failures,
                () -> {
                  worker.ask(question);
                  asked.add(name);
                }));
    for (String name : asked) {
      ChildProcess worker = Objects.requireNonNull(workers.get(name));
      tell(name, failures, () -> named.addAll(ServedShards.places(worker.answer(word, ANSWER))));
    }
    if (!failures.isEmpty()) {
      throw failures.getFirst();
    }
    return List.copyOf(named);
  }

  private interface Exchange {
    void run() throws InterruptedException;
  }

  private void tell(String name, List<KvbmException> failures, Exchange exchange) {
    try {
      exchange.run();
    } catch (KvbmException e) {
      lost.accept(name, e);
      failures.add(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException(
          ErrorCode.CANCELLED, "the replay was interrupted while it asked " + name, e);
    }
  }
}
