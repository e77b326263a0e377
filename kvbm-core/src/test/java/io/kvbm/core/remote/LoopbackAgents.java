package io.kvbm.core.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentFactory;
import io.kvbm.api.remote.AgentStatistics;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.LentBlock;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.PeerService;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.RemoteRegistration;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.RegistrableStorage;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Agents that reach each other within one process, and a transport that copies between them. */
final class LoopbackAgents implements BackendProvider, Transport {

  final Map<String, Agent> agents = new ConcurrentHashMap<>();
  final LocalDirectory directory = new LocalDirectory();
  final AtomicLong bytesMoved = new AtomicLong();

  /** Whether batches wait for {@link #release}. */
  volatile boolean holds;

  /** Whether the first byte of each copy changes on the way. */
  volatile boolean corrupts;

  /** Whether nobody answers what peers ask. */
  volatile boolean silent;

  private final LinkedBlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
  private final AtomicLong generations = new AtomicLong(100);

  int heldCount() {
    return held.size();
  }

  void release() {
    holds = false;
    for (Runnable next = held.poll(); next != null; next = held.poll()) {
      next.run();
    }
  }

  @Override
  public String name() {
    return "loopback";
  }

  @Override
  public SpiVersion builtFor() {
    return new SpiVersion(Spi.MAJOR, Spi.MINOR);
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of("remote");
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of();
  }

  @Override
  public Availability probe(BackendConfig config) {
    return new Availability.Available("here");
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    return new Backend() {
      @Override
      public List<Transport> transports() {
        return List.of(LoopbackAgents.this);
      }

      @Override
      public List<AgentFactory> agents() {
        return List.of(Agent::new);
      }

      @Override
      public List<DirectoryFactory> directories() {
        return List.of(directory);
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public boolean supports(Route route) {
    String source = route.source().kind();
    String target = route.target().kind();
    return source.equals("remote") && target.equals("system")
        || source.equals("system") && target.equals("remote");
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    if (holds) {
      held.add(() -> copy(batch, completion));
    } else {
      copy(batch, completion);
    }
  }

  private void copy(TransferBatch batch, TransferCompletion completion) {
    long[] moved = new long[batch.blockCount()];
    TransientException[] failures = new TransientException[moved.length];
    for (int i = 0; i < batch.size(); i++) {
      try {
        MemorySegment target = segment(batch.targetRegion(i));
        MemorySegment.copy(segment(batch.sourceRegion(i)), 0, target, 0, batch.byteSize(i));
        if (corrupts) {
          byte first = target.get(ValueLayout.JAVA_BYTE, 0);
          target.set(ValueLayout.JAVA_BYTE, 0, (byte) (first ^ 1));
        }
        moved[batch.block(i)] += batch.byteSize(i);
      } catch (TransientException e) {
        failures[batch.block(i)] = e;
      }
    }
    for (int block = 0; block < moved.length; block++) {
      if (failures[block] != null) {
        completion.failed(block, failures[block]);
      } else {
        bytesMoved.addAndGet(moved[block]);
        completion.done(block, moved[block]);
      }
    }
    completion.drained();
  }

  private MemorySegment segment(Region region) {
    if (region instanceof Region.RemoteRegion remote) {
      Agent agent = agents.get(remote.agent());
      if (agent == null || agent.generation != remote.generation()) {
        throw gone(remote.agent());
      }
      Storage storage = agent.exported.get(ByteBuffer.wrap(remote.key()));
      if (storage == null) {
        throw gone(remote.agent());
      }
      return ((Region.HostRegion) storage.region().slice(remote.address(), remote.byteSize()))
          .segment();
    }
    return ((Region.HostRegion) region).segment();
  }

  private static TransientException gone(String agent) {
    return new TransientException(ErrorCode.DISCONNECTED, "agent " + agent + " is gone");
  }

  /** One end. */
  final class Agent implements RemoteAgent {
    private final String name;
    final long generation = generations.incrementAndGet();
    final Map<ByteBuffer, Storage> exported = new ConcurrentHashMap<>();
    private final List<Peer> peers = new ArrayList<>();
    private final List<Loan> lent = new ArrayList<>();
    private volatile @Nullable PeerService service;

    Agent(String name) {
      this.name = name;
      if (agents.putIfAbsent(name, this) != null) {
        throw new CallerException(ErrorCode.INVALID_ARGUMENT, "agent " + name + " is open");
      }
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public AgentDescriptor descriptor() {
      return new AgentDescriptor(name, generation, List.of());
    }

    @Override
    public ExportedStorage register(RegistrableStorage storage, RemoteAccess access) {
      if (!storage.type().equals(StorageType.SYSTEM)) {
        throw new CallerException(ErrorCode.UNSUPPORTED, "only system memory");
      }
      byte[] key = ByteBuffer.allocate(8).putLong(generations.incrementAndGet()).array();
      ExportedStorage export =
          new ExportedStorage(key, storage.byteSize(), storage.type(), access.writable());
      storage.register(
          RemoteRegistration.KEY,
          new RemoteRegistration() {
            @Override
            public String agent() {
              return name;
            }

            @Override
            public ExportedStorage exported() {
              return export;
            }

            @Override
            public void release() {
              exported.remove(ByteBuffer.wrap(key));
            }
          });
      exported.put(ByteBuffer.wrap(key), storage);
      return export;
    }

    @Override
    public synchronized RemotePeer connect(AgentDescriptor descriptor, Duration timeout) {
      Agent other = agents.get(descriptor.name());
      if (other == null || other.generation != descriptor.generation()) {
        throw gone(descriptor.name());
      }
      for (Peer peer : peers) {
        if (peer.other == other) {
          return peer;
        }
      }
      Peer peer = new Peer(this, other);
      peers.add(peer);
      return peer;
    }

    @Override
    public synchronized List<RemotePeer> peers() {
      return List.copyOf(peers.stream().filter(Peer::isConnected).toList());
    }

    @Override
    public void serve(@Nullable PeerService value) {
      service = value;
    }

    @Override
    public AgentStatistics statistics() {
      return new AgentStatistics(peers.size(), 0, 0, lent.size(), 0, 0, 0, 0, 0);
    }

    @Override
    public void close() {
      agents.remove(name, this);
      List<Loan> due;
      synchronized (lent) {
        due = List.copyOf(lent);
      }
      due.forEach(Loan::close);
    }
  }

  private final class Peer implements RemotePeer {
    private final Agent self;
    private final Agent other;

    Peer(Agent self, Agent other) {
      this.self = self;
      this.other = other;
    }

    @Override
    public AgentDescriptor descriptor() {
      return other.descriptor();
    }

    @Override
    public boolean isConnected() {
      return agents.get(other.name) == other;
    }

    @Override
    public String transport() {
      return "loopback";
    }

    @Override
    public Storage map(ExportedStorage storage) {
      return new Mapped(other, storage);
    }

    @Override
    public StorageAllocator allocator() {
      throw new CallerException(ErrorCode.UNSUPPORTED, "no memory is offered");
    }

    private PeerService service() {
      PeerService service = other.service;
      if (!isConnected()) {
        throw gone(other.name);
      }
      if (service == null) {
        throw new CallerException(ErrorCode.UNSUPPORTED, "nothing is shared");
      }
      return service;
    }

    @Override
    public CompletionStage<Loan> borrow(LoanRequest request) {
      if (silent) {
        return new CompletableFuture<>();
      }
      return service().lend(self.name, request).thenApply(this::carried);
    }

    private Loan carried(Loan loan) {
      synchronized (other.lent) {
        other.lent.add(loan);
      }
      List<LentBlock> blocks = loan.blocks();
      return new Loan() {
        @Override
        public List<LentBlock> blocks() {
          return blocks;
        }

        @Override
        public void close() {
          synchronized (other.lent) {
            other.lent.remove(loan);
          }
          loan.close();
        }
      };
    }

    @Override
    public CompletionStage<ShardOutcome> move(ShardMove move) {
      return service().move(self.name, move);
    }

    @Override
    public CompletionStage<byte[]> blockSet(Duration timeout) {
      return service().blockSet(self.name);
    }

    @Override
    public long ping(Duration timeout) {
      return 1;
    }

    @Override
    public void close() {}
  }

  private static final class Mapped extends AbstractStorage {
    private final Agent agent;
    private final ExportedStorage export;

    Mapped(Agent agent, ExportedStorage export) {
      super(StorageType.REMOTE, 0, export.byteSize());
      this.agent = agent;
      this.export = export;
    }

    @Override
    public boolean isHostAccessible() {
      return false;
    }

    @Override
    protected Region openRegion() {
      return new Region.RemoteRegion(
          agent.name, agent.generation, export.key(), 0, export.byteSize());
    }

    @Override
    protected void fill(byte value, long offset, long length) {
      throw new CallerException(ErrorCode.UNSUPPORTED, "not by this fixture");
    }

    @Override
    protected void free() {}
  }
}
