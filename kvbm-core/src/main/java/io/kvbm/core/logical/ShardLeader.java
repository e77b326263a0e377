package io.kvbm.core.logical;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.remote.ShardMover;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Finds the workers of a leader, which are processes of their own, in a directory. It is the
 * listener to join that with: a worker that leaves the directory is fenced at once, before a move
 * to it fails.
 *
 * <p>Ownership: agent and directory stay the caller's. Threading: safe from any thread.
 */
public final class ShardLeader implements DirectoryListener {

  private final RemoteAgent agent;
  private final long fingerprint;
  private final List<String> names;
  private final Map<String, DirectoryMember> members = new HashMap<>();
  private final CompletableFuture<Void> all = new CompletableFuture<>();
  private volatile @Nullable ShardWorkers workers;

  /**
   * Looks for workers from now on, as it hears of them.
   *
   * @param agent reaches the workers
   * @param fingerprint of the leader's blocks, {@code KvBlockManager.fingerprint}
   * @param names the agents of the workers, in the order of their shards
   * @throws ConfigurationException if there is none, or one is named twice
   */
  public ShardLeader(RemoteAgent agent, long fingerprint, List<String> names) {
    this.agent = agent;
    this.fingerprint = fingerprint;
    this.names = List.copyOf(names);
    if (names.isEmpty() || Set.copyOf(names).size() < names.size()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "a leader names one worker or more, each once, not " + names);
    }
  }

  @Override
  public void joined(DirectoryMember member) {
    String name = member.agent().name();
    if (!names.contains(name)) {
      return;
    }
    synchronized (members) {
      members.put(name, member);
      if (members.size() < names.size()) {
        return;
      }
    }
    all.complete(null);
  }

  @Override
  public void left(DirectoryMember member) {
    String name = member.agent().name();
    synchronized (members) {
      if (!members.remove(name, member)) {
        return;
      }
    }
    ShardWorkers led = workers;
    if (led != null) {
      led.lost(name, "has left the directory");
    }
  }

  @Override
  public void connection(boolean connected) {}

  private List<String> missing() {
    synchronized (members) {
      return names.stream().filter(name -> !members.containsKey(name)).toList();
    }
  }

  /**
   * Waits for all workers, connects to each and tries one move there between each pair of
   * neighbouring sets, of their last slots: nothing is in them yet.
   *
   * @param slots of each tier of the leader, the fastest first
   * @param timeout how long to wait, for all of them together and then for each
   * @param patience how long a worker may take for a move, see {@link ShardWorkers.Builder}
   * @return the workers, by the names of their agents
   * @throws TransientException with {@link ErrorCode#DEADLINE_EXCEEDED} if one is not there in
   *     time, with {@link ErrorCode#DISCONNECTED} if it is gone
   * @throws ConfigurationException if the shards of one are of another model, or it has too few
   *     sets or slots
   * @throws CallerException with {@link ErrorCode#NOT_ALLOWED} if one has another leader
   * @throws InterruptedException if this thread was interrupted while it waited
   */
  public ShardWorkers connect(List<Integer> slots, Duration timeout, Duration patience)
      throws InterruptedException {
    awaitAll(timeout);
    ShardWorkers.Builder builder = ShardWorkers.builder().patience(patience, patience);
    for (String name : names) {
      ShardMover mover = connect(name, timeout);
      tryMoves(name, mover, slots, timeout);
      builder.worker(name, mover);
    }
    ShardWorkers led = builder.build();
    workers = led;
    missing().forEach(name -> led.lost(name, "has left the directory"));
    return led;
  }

  private void awaitAll(Duration timeout) throws InterruptedException {
    try {
      all.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new TransientException(
          ErrorCode.DEADLINE_EXCEEDED,
          "workers %s of %s were not in the directory after %d s; start them with its settings"
              .formatted(missing(), names, timeout.toSeconds()),
          e);
    } catch (ExecutionException e) {
      throw new BackendException(ErrorCode.OPERATION_FAILED, "waiting for workers failed", e);
    }
  }

  /**
   * Connects to one worker, for instance to one that was started anew, which {@code
   * KvBlockManager.resetWorker} takes.
   *
   * @param name its agent
   * @param timeout how long to wait
   * @return reaches it
   * @throws TransientException if it is not in the directory, or does not answer in time
   * @throws ConfigurationException if its shards are of another model
   */
  public ShardMover connect(String name, Duration timeout) {
    DirectoryMember member;
    synchronized (members) {
      member = members.get(name);
    }
    if (member == null) {
      throw new TransientException(
          ErrorCode.DISCONNECTED, "worker '%s' is not in the directory".formatted(name));
    }
    // The file of a static directory may leave it open.
    if (member.fingerprint() != fingerprint && member.fingerprint() != 0) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "shards of worker '%s' have the fingerprint %016x, not %016x: give it the leader's model, salt and hash scheme"
              .formatted(name, member.fingerprint(), fingerprint));
    }
    RemotePeer peer = agent.connect(member.agent(), timeout);
    return peer::move;
  }

  private static void tryMoves(String name, ShardMover mover, List<Integer> slots, Duration timeout)
      throws InterruptedException {
    for (int set = 1; set < slots.size(); set++) {
      ShardMove move =
          new ShardMove(
              set - 1,
              new int[] {slots.get(set - 1) - 1},
              set,
              new int[] {slots.get(set) - 1},
              timeout);
      try {
        BlockOutcome outcome =
            mover
                .move(move)
                .toCompletableFuture()
                .get(timeout.toNanos(), TimeUnit.NANOSECONDS)
                .blocks()
                .getFirst();
        if (outcome instanceof BlockOutcome.Failed(KvbmException cause)) {
          throw refused(name, cause);
        }
      } catch (ExecutionException e) {
        throw refused(name, e.getCause() == null ? e : e.getCause());
      } catch (TimeoutException e) {
        throw new TransientException(
            ErrorCode.DEADLINE_EXCEEDED,
            "worker '%s' made no move within %d s".formatted(name, timeout.toSeconds()),
            e);
      }
    }
  }

  private static KvbmException refused(String name, Throwable thrown) {
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    String message = "worker '%s' cannot serve this leader: %s".formatted(name, cause.getMessage());
    if (!(cause instanceof KvbmException known)) {
      return new BackendException(ErrorCode.REMOTE, message, cause);
    }
    return switch (known.code()) {
      case INVALID_ARGUMENT, INVALID_BLOCK_INDEX ->
          new ConfigurationException(ErrorCode.INVALID_CONFIG, message, known);
      case NOT_ALLOWED -> new CallerException(ErrorCode.NOT_ALLOWED, message, known);
      case DISCONNECTED -> new TransientException(ErrorCode.DISCONNECTED, message, known);
      default -> new BackendException(ErrorCode.REMOTE, message, known);
    };
  }
}
