package io.kvbm.api.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.TransientException;
import io.kvbm.api.storage.RegistrableStorage;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One end of the sharing between processes: exports storages to peers and reaches what peers
 * export. A process may have several, each with a name of its own.
 *
 * <p>Bytes move through the backend's {@code Transport}: a {@link RemotePeer#map mapped} storage is
 * the source or target of a batch like any other, on routes such as {@code remote->system}.
 *
 * <p>Threading: safe from any thread. Ownership: whoever opened an agent closes it.
 */
@Stability(Stability.Level.PREVIEW)
public interface RemoteAgent extends AutoCloseable {

  /** {@return the name} */
  String name();

  /** {@return name, generation and where this agent listens} */
  AgentDescriptor descriptor();

  /**
   * Lets peers use a storage. It is registered under {@link RemoteRegistration#KEY}.
   *
   * @param storage stays the caller's
   * @param access what peers may do
   * @return how peers name it
   * @throws CallerException with {@link ErrorCode#REGISTRATION_KEY_EXISTS} if it is registered with
   *     an agent already, with {@link ErrorCode#UNSUPPORTED} if no transport of this agent reaches
   *     that kind of memory
   * @throws ClosedException if this agent or the storage is closed
   */
  ExportedStorage register(RegistrableStorage storage, RemoteAccess access);

  /**
   * Connects to another agent. There is one peer per name and generation: a second call gives the
   * same as long as it is connected.
   *
   * @param descriptor who and where
   * @param timeout how long to wait
   * @return a connected peer; it is this agent's, closing it ends the connection
   * @throws TransientException with {@link ErrorCode#DISCONNECTED} if nothing answers there or what
   *     answers is another agent or generation, with {@link ErrorCode#DEADLINE_EXCEEDED} after the
   *     time
   * @throws CallerException with {@link ErrorCode#NOT_ALLOWED} if credentials are refused
   * @throws ClosedException if this agent is closed
   */
  RemotePeer connect(AgentDescriptor descriptor, Duration timeout);

  /** {@return the peers this agent has connected to and that are still connected} */
  List<RemotePeer> peers();

  /**
   * Sets who answers what peers ask beyond bytes. One at a time; null for nobody: peers are told
   * that nothing is shared.
   *
   * @param service called on the platform's threads
   */
  void serve(@Nullable PeerService service);

  /** {@return what has gone through this agent so far} */
  AgentStatistics statistics();

  /**
   * Ends connections, releases registrations and reservations, and waits for what is in flight, at
   * most as long as its settings say. Later calls do nothing.
   */
  @Override
  void close();
}
