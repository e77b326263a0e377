package io.kvbm.api.remote;

import io.kvbm.api.Stability;
import java.util.concurrent.CompletionStage;

/**
 * Answers what peers ask an agent beyond bytes; core implements it.
 *
 * <p>Called on threads of the platform, one call per request, several at once. What a stage
 * completes with exceptionally is told to the peer: the code of a {@code KvbmException} and its
 * message, of anything else that the request failed.
 *
 * @implSpec the agent has authenticated the peer; what the peer may have is this service's to say
 */
@Stability(Stability.Level.PREVIEW)
public interface PeerService {

  /**
   * Keeps blocks for a peer.
   *
   * @param peer the name it has authenticated as
   * @param request which, and how long the answer may take
   * @return completes with the loan, which the agent closes: when the peer gives it back, when the
   *     connection is lost, or when its time has run out
   */
  CompletionStage<Loan> lend(String peer, LoanRequest request);

  /**
   * Copies blocks between two of this worker's sets for its leader.
   *
   * @param peer the name it has authenticated as
   * @param move which
   * @return completes with the outcome of each block
   */
  CompletionStage<ShardOutcome> move(String peer, ShardMove move);

  /**
   * {@return completes with the serialized block set that a peer imports}
   *
   * @param peer the name it has authenticated as
   */
  CompletionStage<byte[]> blockSet(String peer);
}
