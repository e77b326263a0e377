package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentFactory;
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
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.RegistrableStorage;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.Transport;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link RemoteAgent} keeps to, whatever its transport: two agents of one process share
 * memory. A backend with agents has one subclass for each of its transports.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class RemoteAgentContract {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long FINGERPRINT = 0x5eed;
  private static final int[] BYTE_SIZES = {1, 7, 8, 4095, 4096, 65_537, 1 << 20, 5_000_001};

  private final List<AutoCloseable> opened = new ArrayList<>();
  private TestContext context;
  private Backend backend;
  private RemoteAgent owner;
  private RemoteAgent reader;

  /** Creates the contract; called by JUnit. */
  protected RemoteAgentContract() {}

  /**
   * {@return an open backend with at least one factory of agents that admit each other and offer
   * {@link #offeredBytes}; the contract closes it}
   *
   * @param from what to open it with
   */
  protected abstract Backend open(TestContext from);

  /** {@return how many bytes each agent lets peers reserve, at least 1 MiB} */
  protected abstract long offeredBytes();

  /** {@return what {@link RemotePeer#transport} must say} */
  protected abstract String transportName();

  @BeforeEach
  final void openAgents() {
    context = new TestContext();
    backend = open(context);
    owner = factory().open("owner");
    reader = factory().open("reader");
  }

  @AfterEach
  final void closeAgents() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
    if (backend != null) {
      backend.close();
    }
    if (context != null) {
      context.close();
    }
  }

  private AgentFactory factory() {
    return backend.agents().getFirst();
  }

  private <T extends AutoCloseable> T kept(T value) {
    opened.add(value);
    return value;
  }

  private HostStorage memory(long byteSize) {
    return kept(new HostStorage(byteSize));
  }

  private RemotePeer peer() {
    return reader.connect(owner.descriptor(), PATIENCE);
  }

  private Storage mapped(RegistrableStorage storage, RemoteAccess access) {
    return kept(peer().map(owner.register(storage, access)));
  }

  private RecordingCompletion copy(Storage from, long at, Storage to, long toAt, long byteSize) {
    return submit(TransferBatch.builder().add(0, from, at, to, toAt, byteSize).build());
  }

  private RecordingCompletion submit(TransferBatch batch) {
    Transport transport =
        backend.transports().stream()
            .filter(each -> each.supports(batch.route()))
            .findFirst()
            .orElseThrow();
    RecordingCompletion completion = new RecordingCompletion(batch.blockCount());
    transport.submit(batch, completion);
    return completion;
  }

  private static ErrorCode codeOf(ThrowingWork work) {
    KvbmException thrown = catchThrowableOfType(KvbmException.class, work::run);
    assertThat(thrown).as("a typed error").isNotNull();
    return thrown.code();
  }

  /** May throw anything. */
  private interface ThrowingWork {
    void run() throws Exception;
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    try {
      return stage.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KvbmException typed) {
        throw typed;
      }
      throw e;
    }
  }

  /** What the other side does by itself takes a moment. */
  private static boolean eventually(Duration patience, BooleanSupplier condition)
      throws InterruptedException {
    long until = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - until > 0) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
    return true;
  }

  @Test
  void agentsHaveNamesAndGenerationsOfTheirOwn() {
    assertThat(owner.name()).isEqualTo("owner");
    assertThat(owner.descriptor().name()).isEqualTo("owner");
    assertThat(owner.descriptor().endpoints()).isNotEmpty();
    assertThat(codeOf(() -> factory().open("owner"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(codeOf(() -> factory().open("not a name"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    long before = owner.descriptor().generation();
    owner.close();
    owner.close();
    owner = factory().open("owner");
    assertThat(owner.descriptor().generation()).isNotEqualTo(before);
  }

  @Test
  void registrationsAreFoundCheckedAndReleasedByKey() {
    HostStorage storage = memory(8192);
    ExportedStorage exported = owner.register(storage, RemoteAccess.READ);
    assertThat(storage.isRegistered("remote")).isTrue();
    assertThat(storage.isRegistered("nixl")).isTrue();
    assertThat(storage.registrationHandle("nixl"))
        .hasValueSatisfying(
            handle -> {
              assertThat(handle).isInstanceOf(RemoteRegistration.class);
              assertThat(((RemoteRegistration) handle).exported()).isEqualTo(exported);
              assertThat(((RemoteRegistration) handle).agent()).isEqualTo("owner");
            });
    assertThat(exported.byteSize()).isEqualTo(8192);
    assertThat(exported.writable()).isFalse();
    assertThat(owner.statistics().registeredBytes()).isEqualTo(8192);
    assertThat(codeOf(() -> owner.register(storage, RemoteAccess.READ)))
        .isEqualTo(ErrorCode.REGISTRATION_KEY_EXISTS);
    storage.unregister("nixl");
    assertThat(storage.isRegistered("remote")).isFalse();
    assertThat(owner.statistics().registeredBytes()).isZero();
    owner.register(storage, RemoteAccess.READ);
    storage.close();
    assertThat(owner.statistics().registeredBytes()).isZero();
  }

  @Test
  void keysOfExportsAreNotToBeGuessed() {
    ExportedStorage first = owner.register(memory(64), RemoteAccess.READ);
    ExportedStorage second = owner.register(memory(64), RemoteAccess.READ);
    assertThat(first.key()).isNotEqualTo(second.key()).hasSizeGreaterThanOrEqualTo(16);
    assertThat(first.toString()).doesNotContain(HexFormat.of().formatHex(first.key()));
  }

  @Test
  void bytesAreReadAndWrittenExactly() {
    for (int byteSize : BYTE_SIZES) {
      HostStorage far = memory(byteSize + 128L);
      HostStorage near = memory(byteSize + 128L);
      Storage remote = mapped(far, RemoteAccess.READ_WRITE);
      assertThat(remote.type()).isEqualTo(StorageType.REMOTE);
      assertThat(remote.isHostAccessible()).isFalse();
      assertThat(codeOf(remote::mutableView)).isEqualTo(ErrorCode.NOT_ACCESSIBLE);
      BytePatterns.guard(near.mutableView());
      BytePatterns.fill(far.mutableView().asSlice(64, byteSize), byteSize);
      copy(remote, 64, near, 64, byteSize).awaitDone();
      BytePatterns.verify(near.view().asSlice(64, byteSize), byteSize, "read of " + byteSize);
      BytePatterns.verifyAll(near.view().asSlice(0, 64), BytePatterns.GUARD, "before");
      BytePatterns.verifyAll(near.view().asSlice(64L + byteSize), BytePatterns.GUARD, "behind");

      BytePatterns.guard(far.mutableView());
      BytePatterns.fill(near.mutableView().asSlice(64, byteSize), byteSize + 1L);
      copy(near, 64, remote, 64, byteSize).awaitDone();
      BytePatterns.verify(far.view().asSlice(64, byteSize), byteSize + 1L, "written " + byteSize);
      BytePatterns.verifyAll(far.view().asSlice(0, 64), BytePatterns.GUARD, "before");
      BytePatterns.verifyAll(far.view().asSlice(64L + byteSize), BytePatterns.GUARD, "behind");
    }
    assertThat(peer().transport()).isEqualTo(transportName());
    assertThat(reader.statistics().bytesRead()).isPositive();
    assertThat(reader.statistics().bytesWritten()).isPositive();
  }

  @Test
  void blocksOfABatchAreEachReported() {
    HostStorage far = memory(64 * 4096);
    HostStorage near = memory(64 * 4096);
    Storage remote = mapped(far, RemoteAccess.READ);
    TransferBatch.Builder batch = TransferBatch.builder();
    for (int block = 0; block < 32; block++) {
      BytePatterns.fill(far.mutableView().asSlice(block * 8192L, 8192), block);
      batch.add(block, remote, block * 8192L, near, block * 8192L, 5000);
      batch.add(block, remote, block * 8192L + 5000, near, block * 8192L + 5000, 3192);
    }
    List<BlockOutcome> outcomes = submit(batch.build()).await();
    assertThat(outcomes).hasSize(32).containsOnly(new BlockOutcome.Done(8192));
    for (int block = 0; block < 32; block++) {
      BytePatterns.verify(near.view().asSlice(block * 8192L, 8192), block, "block " + block);
    }
  }

  @Test
  void aRemoteStorageCanBeFilled() {
    HostStorage far = memory(10_000);
    Storage remote = mapped(far, RemoteAccess.READ_WRITE);
    BytePatterns.guard(far.mutableView());
    remote.memset(0x17, 100, 9000);
    BytePatterns.verifyAll(far.view().asSlice(100, 9000), (byte) 0x17, "filled");
    BytePatterns.verifyAll(far.view().asSlice(0, 100), BytePatterns.GUARD, "before");
    BytePatterns.verifyAll(far.view().asSlice(9100), BytePatterns.GUARD, "behind");
    assertThat(codeOf(() -> remote.memset(1, 9_999, 2))).isEqualTo(ErrorCode.OUT_OF_BOUNDS);
  }

  @Test
  void whatIsNotWritableIsNotWritten() {
    HostStorage far = memory(4096);
    BytePatterns.fill(far.mutableView(), 3);
    ExportedStorage exported = owner.register(far, RemoteAccess.READ);
    ExportedStorage claimed =
        new ExportedStorage(exported.key(), exported.byteSize(), exported.type(), true);
    Storage remote = kept(peer().map(claimed));
    assertThat(copy(memory(4096), 0, remote, 0, 4096).awaitFailure(0).code())
        .isEqualTo(ErrorCode.NOT_ALLOWED);
    assertThat(codeOf(() -> remote.memset(0, 0, 4096))).isEqualTo(ErrorCode.NOT_ALLOWED);
    BytePatterns.verify(far.view(), 3, "not written");
    assertThat(owner.statistics().refused()).isPositive();
  }

  @Test
  void onlyWhatWasExportedIsReachedAndOnlyWithinIt() {
    HostStorage far = memory(4096);
    ExportedStorage exported = owner.register(far, RemoteAccess.READ);
    ExportedStorage larger =
        new ExportedStorage(exported.key(), 1 << 20, exported.type(), exported.writable());
    HostStorage near = memory(1 << 20);
    Storage remote = kept(peer().map(larger));
    assertThat(copy(remote, 4000, near, 0, 97).awaitFailure(0).code())
        .isEqualTo(ErrorCode.OUT_OF_BOUNDS);
    byte[] guess = exported.key().clone();
    guess[0] ^= 1;
    Storage unknown = kept(peer().map(new ExportedStorage(guess, 4096, exported.type(), false)));
    // A key that never was and one that is no more look the same.
    assertThat(copy(unknown, 0, near, 0, 96).awaitFailure(0).code()).isEqualTo(ErrorCode.CLOSED);
    copy(remote, 4000, near, 0, 96).awaitDone();
  }

  @Test
  void anExportForOthersIsNotReached() {
    HostStorage far = memory(4096);
    Storage remote = mapped(far, RemoteAccess.READ.onlyFor(Set.of("somebody-else")));
    assertThat(copy(remote, 0, memory(4096), 0, 4096).awaitFailure(0).code())
        .isEqualTo(ErrorCode.NOT_ALLOWED);
    Storage own = mapped(memory(4096), RemoteAccess.READ.onlyFor(Set.of("reader")));
    copy(own, 0, memory(4096), 0, 4096).awaitDone();
  }

  @Test
  void whatWasUnregisteredIsNotReachedAnyMore() {
    HostStorage far = memory(4096);
    Storage remote = mapped(far, RemoteAccess.READ);
    copy(remote, 0, memory(4096), 0, 4096).awaitDone();
    far.unregister("remote");
    KvbmException failure = copy(remote, 0, memory(4096), 0, 4096).awaitFailure(0);
    assertThat(failure.code()).isEqualTo(ErrorCode.CLOSED);
  }

  @Test
  void generationZeroMeansAnyRun() {
    AgentDescriptor any = new AgentDescriptor("owner", 0, owner.descriptor().endpoints());
    RemotePeer peer = reader.connect(any, PATIENCE);
    assertThat(peer.descriptor()).isEqualTo(owner.descriptor());
    assertThat(peer()).isSameAs(peer);
    assertThat(reader.connect(any, PATIENCE)).isSameAs(peer);
    assertThat(reader.peers()).containsExactly(peer);
    peer.close();
    assertThat(reader.peers()).isEmpty();
  }

  @Test
  void anotherGenerationIsRefused() {
    AgentDescriptor former =
        new AgentDescriptor(
            "owner", owner.descriptor().generation() + 1, owner.descriptor().endpoints());
    assertThat(codeOf(() -> reader.connect(former, PATIENCE))).isEqualTo(ErrorCode.DISCONNECTED);
    AgentDescriptor other =
        new AgentDescriptor(
            "another", owner.descriptor().generation(), owner.descriptor().endpoints());
    assertThat(codeOf(() -> reader.connect(other, PATIENCE))).isEqualTo(ErrorCode.DISCONNECTED);
  }

  @Test
  void whatRefersToAClosedAgentFailsAsDisconnected() {
    HostStorage near = memory(4096);
    Storage remote = mapped(memory(4096), RemoteAccess.READ);
    RemotePeer peer = peer();
    copy(remote, 0, near, 0, 4096).awaitDone();
    AgentDescriptor where = owner.descriptor();
    owner.close();
    assertThat(copy(remote, 0, near, 0, 4096).awaitFailure(0).code())
        .isEqualTo(ErrorCode.DISCONNECTED);
    assertThat(peer.isConnected()).isFalse();
    assertThat(codeOf(() -> get(peer.borrow(request(1))))).isEqualTo(ErrorCode.DISCONNECTED);
    assertThat(codeOf(() -> reader.connect(where, PATIENCE))).isEqualTo(ErrorCode.DISCONNECTED);
    assertThat(codeOf(() -> owner.register(memory(64), RemoteAccess.READ)))
        .isEqualTo(ErrorCode.CLOSED);
    assertThat(codeOf(() -> owner.connect(reader.descriptor(), PATIENCE)))
        .isEqualTo(ErrorCode.CLOSED);
  }

  @Test
  void thereIsOnePeerForAConnectionAndItAnswers() {
    RemotePeer peer = peer();
    assertThat(peer()).isSameAs(peer);
    assertThat(reader.peers()).containsExactly(peer);
    assertThat(peer.descriptor()).isEqualTo(owner.descriptor());
    assertThat(peer.ping(PATIENCE)).isPositive();
    peer.close();
    peer.close();
    assertThat(peer.isConnected()).isFalse();
    assertThat(reader.peers()).isEmpty();
    assertThat(peer()).isNotSameAs(peer);
  }

  @Test
  void memoryIsReservedAndGivenBack() throws Exception {
    RemotePeer peer = peer();
    long byteSize = offeredBytes() / 2;
    Storage first = kept(peer.allocator().allocate(byteSize));
    assertThat(first.type()).isEqualTo(StorageType.REMOTE);
    assertThat(first.byteSize()).isEqualTo(byteSize);
    assertThat(owner.statistics().reservedBytes()).isEqualTo(byteSize);
    HostStorage near = memory(byteSize);
    near.memset(0xff, 0, byteSize);
    copy(first, 0, near, 0, byteSize).awaitDone();
    BytePatterns.verifyAll(near.view(), (byte) 0, "reserved memory is zero");
    BytePatterns.fill(near.mutableView(), 9);
    copy(near, 0, first, 0, byteSize).awaitDone();
    near.memset(0, 0, byteSize);
    copy(first, 0, near, 0, byteSize).awaitDone();
    BytePatterns.verify(near.view(), 9, "reserved memory");
    assertThat(catchThrowable(() -> peer.allocator().allocate(offeredBytes())))
        .isInstanceOf(CapacityException.class);
    first.close();
    Storage whole = peer.allocator().allocate(offeredBytes());
    whole.close();
    kept(peer.allocator().allocate(4096));
    peer.close();
    assertThat(eventually(PATIENCE, () -> owner.statistics().reservedBytes() == 0))
        .as("given back when the connection ends")
        .isTrue();
  }

  private static LoanRequest request(int keys) {
    List<BlockKey> wanted = new ArrayList<>();
    for (int i = 0; i < keys; i++) {
      wanted.add(new BlockKey(i, ~(long) i));
    }
    return new LoanRequest(FINGERPRINT, wanted, PATIENCE);
  }

  /** Lends the first half of what is asked for. */
  private static final class HalfOfAll implements PeerService {
    private final AtomicInteger lent = new AtomicInteger();
    private final List<String> peers = new ArrayList<>();

    @Override
    public CompletionStage<Loan> lend(String peer, LoanRequest request) {
      synchronized (peers) {
        peers.add(peer);
      }
      if (request.fingerprint() != FINGERPRINT) {
        return CompletableFuture.failedFuture(
            new CallerException(ErrorCode.NOT_FOUND, "another model"));
      }
      List<LentBlock> blocks = new ArrayList<>();
      for (int i = 0; i < (request.keys().size() + 1) / 2; i++) {
        blocks.add(new LentBlock(request.keys().get(i), 3, 70_000 + i, 0xffff_fff0L + i));
      }
      lent.incrementAndGet();
      AtomicInteger once = new AtomicInteger();
      return CompletableFuture.completedFuture(
          new Loan() {
            @Override
            public List<LentBlock> blocks() {
              return blocks;
            }

            @Override
            public void close() {
              if (once.getAndIncrement() == 0) {
                lent.decrementAndGet();
              }
            }
          });
    }

    @Override
    public CompletionStage<ShardOutcome> move(String peer, ShardMove move) {
      return CompletableFuture.completedFuture(
          new ShardOutcome(
              List.of(
                  new BlockOutcome.Done(move.sourceSlots()[0]),
                  new BlockOutcome.Failed(
                      new CorruptionException(ErrorCode.CORRUPT, "slot " + move.targetSlots()[1])),
                  new BlockOutcome.Cancelled())));
    }

    @Override
    public CompletionStage<byte[]> blockSet(String peer) {
      return CompletableFuture.completedFuture(new byte[] {1, 2, 3});
    }
  }

  @Test
  void blocksAreLentUntilTheyAreGivenBack() throws Exception {
    HalfOfAll service = new HalfOfAll();
    owner.serve(service);
    RemotePeer peer = peer();
    Loan loan = get(peer.borrow(request(7)));
    assertThat(loan.blocks()).hasSize(4);
    assertThat(loan.blocks().get(3))
        .isEqualTo(new LentBlock(new BlockKey(3, ~3L), 3, 70_003, 0xffff_fff3L));
    assertThat(owner.statistics().lentBlocks()).isEqualTo(4);
    assertThat(service.lent).hasValue(1);
    loan.close();
    loan.close();
    assertThat(eventually(PATIENCE, () -> service.lent.get() == 0)).isTrue();
    assertThat(owner.statistics().lentBlocks()).isZero();
    get(peer.borrow(request(1)));
    peer.close();
    assertThat(eventually(PATIENCE, () -> service.lent.get() == 0))
        .as("given back when the connection ends")
        .isTrue();
    assertThat(service.peers).containsOnly("reader");
  }

  @Test
  void manyBlocksAreLentAtOnce() throws Exception {
    owner.serve(new HalfOfAll());
    try (Loan loan = get(peer().borrow(request(LoanRequest.MAX_KEYS)))) {
      assertThat(loan.blocks()).hasSize(LoanRequest.MAX_KEYS / 2);
      assertThat(loan.blocks().getLast().slot()).isEqualTo(70_000 + LoanRequest.MAX_KEYS / 2 - 1);
    }
  }

  @Test
  void whatTheServiceSaysReachesThePeer() throws Exception {
    assertThat(codeOf(() -> get(peer().borrow(request(1))))).isEqualTo(ErrorCode.UNSUPPORTED);
    owner.serve(new HalfOfAll());
    LoanRequest other = new LoanRequest(1, request(1).keys(), PATIENCE);
    KvbmException refused =
        catchThrowableOfType(KvbmException.class, () -> get(peer().borrow(other)));
    assertThat(refused.code()).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(refused).hasMessageContaining("another model");
    assertThat(get(peer().blockSet(PATIENCE))).containsExactly(1, 2, 3);
    ShardMove move = new ShardMove(0, new int[] {5, 6, 7}, 1, new int[] {9, 8, 7}, PATIENCE);
    List<BlockOutcome> outcomes = get(peer().move(move)).blocks();
    assertThat(outcomes.get(0)).isEqualTo(new BlockOutcome.Done(5));
    assertThat(outcomes.get(1))
        .isInstanceOfSatisfying(
            BlockOutcome.Failed.class,
            failed -> {
              assertThat(failed.cause().code()).isEqualTo(ErrorCode.CORRUPT);
              assertThat(failed.cause()).hasMessageContaining("slot 8");
            });
    assertThat(outcomes.get(2)).isEqualTo(new BlockOutcome.Cancelled());
    owner.serve(null);
    assertThat(codeOf(() -> get(peer().blockSet(PATIENCE)))).isEqualTo(ErrorCode.UNSUPPORTED);
  }

  @Test
  void anAnswerThatDoesNotComeEndsWithItsTime() {
    owner.serve(
        new PeerService() {
          @Override
          public CompletionStage<Loan> lend(String peer, LoanRequest request) {
            return new CompletableFuture<>();
          }

          @Override
          public CompletionStage<ShardOutcome> move(String peer, ShardMove move) {
            return new CompletableFuture<>();
          }

          @Override
          public CompletionStage<byte[]> blockSet(String peer) {
            return new CompletableFuture<>();
          }
        });
    LoanRequest brief = new LoanRequest(FINGERPRINT, request(1).keys(), Duration.ofMillis(150));
    assertThat(codeOf(() -> get(peer().borrow(brief)))).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(codeOf(() -> get(peer().blockSet(Duration.ofMillis(150)))))
        .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(peer().ping(PATIENCE)).as("the connection goes on").isPositive();
  }

  @Test
  void aCancelledBatchIsDrained() {
    HostStorage near = memory(8 << 20);
    Storage remote = mapped(memory(8 << 20), RemoteAccess.READ);
    TransferBatch.Builder batch = TransferBatch.builder();
    for (int block = 0; block < 256; block++) {
      batch.add(block, remote, block * 32_768L, near, block * 32_768L, 32_768);
    }
    TransferBatch built = batch.build();
    RecordingCompletion completion = RecordingCompletion.cancellingAfter(256, 3);
    backend.transports().stream()
        .filter(each -> each.supports(Route.between(remote, near)))
        .findFirst()
        .orElseThrow()
        .submit(built, completion);
    assertThat(completion.await())
        .allMatch(
            each -> each.isDone() || each instanceof BlockOutcome.Cancelled, "done or cancelled");
    copy(remote, 0, near, 0, 4096).awaitDone();
  }

  @Test
  void threadsSideBySideEachGetTheirBytes() throws Exception {
    int slots = 64;
    int byteSize = 20_011;
    HostStorage far = memory((long) slots * byteSize);
    for (int slot = 0; slot < slots; slot++) {
      BytePatterns.fill(far.mutableView().asSlice((long) slot * byteSize, byteSize), slot);
    }
    Storage remote = mapped(far, RemoteAccess.READ);
    long seed = new Random().nextLong();
    Concurrently.run(
        thread -> {
          Random random = new Random(seed + thread);
          try (HostStorage near = new HostStorage(byteSize)) {
            for (int i = 0; i < 60; i++) {
              int slot = random.nextInt(slots);
              copy(remote, (long) slot * byteSize, near, 0, byteSize).awaitDone();
              BytePatterns.verify(near.view(), slot, "slot %d, seed %d".formatted(slot, seed));
            }
          }
        });
  }

  @Test
  void unregisteringWaitsForReadersAndNoneGetsOtherBytes() throws Exception {
    long seed = new Random().nextLong();
    for (int round = 0; round < 10; round++) {
      int byteSize = 1 << 20;
      HostStorage far = new HostStorage(byteSize);
      BytePatterns.fill(far.mutableView(), seed + round);
      Storage remote = peer().map(owner.register(far, RemoteAccess.READ));
      HostStorage near = memory(byteSize);
      List<RecordingCompletion> reads = new ArrayList<>();
      HostStorage[] targets = new HostStorage[8];
      for (int i = 0; i < targets.length; i++) {
        targets[i] = memory(byteSize);
        reads.add(copy(remote, 0, targets[i], 0, byteSize));
      }
      far.unregister("remote");
      far.memset(0, 0, byteSize);
      for (int i = 0; i < targets.length; i++) {
        BlockOutcome outcome = reads.get(i).await().getFirst();
        if (outcome.isDone()) {
          BytePatterns.verify(targets[i].view(), seed + round, "seed " + seed);
        }
      }
      near.close();
      remote.close();
      far.close();
    }
  }

  @Test
  void nothingIsLeftOfManyConnections() throws Exception {
    long connections = owner.statistics().connections() + reader.statistics().connections();
    for (int i = 0; i < 40; i++) {
      HostStorage far = new HostStorage(4096);
      BytePatterns.fill(far.mutableView(), i);
      try (RemotePeer peer = peer();
          Storage remote = peer.map(owner.register(far, RemoteAccess.READ));
          HostStorage near = new HostStorage(4096)) {
        copy(remote, 0, near, 0, 4096).awaitDone();
        BytePatterns.verify(near.view(), i, "cycle " + i);
      }
      far.close();
    }
    assertThat(owner.statistics().registeredBytes()).isZero();
    assertThat(
            eventually(
                PATIENCE,
                () ->
                    owner.statistics().connections() + reader.statistics().connections()
                        == connections))
        .isTrue();
  }
}
