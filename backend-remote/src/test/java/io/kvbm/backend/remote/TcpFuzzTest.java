package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.backend.remote.auth.Handshake;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.backend.remote.wire.MoveBodies;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Frames with right checksums and wrong contents, so that every decoder sees them: the server cuts
 * or refuses, holds no more memory than it offers, returns no byte of a foreign export, and serves
 * others meanwhile.
 */
@Timeout(60)
class TcpFuzzTest {

  private static final int FRAMES = 1500;
  private static final int STRANGERS = 200;
  private static final int SIZE = 4096;
  private static final int OFFER = 1 << 20;
  private static final String TOKEN = "a-secret-of-32-bytes-0123456789a";
  private static final byte[] TOKEN_BYTES = TOKEN.getBytes(StandardCharsets.US_ASCII);
  private static final long SECRET = 0x7E_5E_C2_E7_A1_B3_D5_F7L;

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);
  private TwoAgents two;
  private AgentDescriptor far;
  private final HostStorage readable = new HostStorage(SIZE);
  private final HostStorage writable = new HostStorage(SIZE);
  private final HostStorage foreign = new HostStorage(SIZE);
  private final HostStorage local = new HostStorage(SIZE);
  private ExportedStorage exported;
  private byte[] writableKey;
  private byte[] foreignKey;
  private Storage mapped;

  @BeforeEach
  void open() {
    System.out.println("seed " + seed);
    two =
        new TwoAgents(
            BackendConfig.of("token", TOKEN).with("offer", Integer.toString(OFFER)),
            BackendConfig.of("token", TOKEN),
            new CountingLogger());
    far = two.far.descriptor();
    two.far.serve(new PlainService());
    BytePatterns.fill(readable.mutableView(), 3);
    fillSecret(foreign.mutableView());
    exported = two.far.register(readable, RemoteAccess.READ);
    writableKey = two.far.register(writable, RemoteAccess.READ_WRITE).key();
    foreignKey =
        two.far.register(foreign, RemoteAccess.READ_WRITE.onlyFor(Set.of("somebody-else"))).key();
    mapped = two.connect().map(exported);
  }

  @AfterEach
  void close() {
    two.close();
    List.of(readable, writable, foreign, local).forEach(HostStorage::close);
  }

  private static void fillSecret(MemorySegment memory) {
    for (int at = 0; at < SIZE; at += Long.BYTES) {
      memory.set(ValueLayout.JAVA_LONG, at, SECRET);
    }
  }

  private static void assertHarmless(WireFrame frame) {
    ByteBuffer bytes = ByteBuffer.wrap(frame.payload()).order(ByteOrder.nativeOrder());
    for (int at = 0; at + Long.BYTES <= bytes.capacity(); at++) {
      assertThat(bytes.getLong(at)).isNotEqualTo(SECRET);
    }
  }

  private static byte[] data(byte[] key, long offset) {
    return new BodyWriter().putBytes(key).putLong(offset).toBytes();
  }

  private List<WireFrame> validRequests() {
    byte[] payload = new byte[512];
    random.nextBytes(payload);
    BodyWriter borrow = new BodyWriter().putLong(1).putLong(1_000_000_000L).putInt(3);
    for (int i = 0; i < 6; i++) {
      borrow.putLong(i);
    }
    List<WireFrame> frames = new ArrayList<>();
    for (byte[] key : List.of(exported.key(), foreignKey)) {
      frames.add(
          WireFrame.of(
              FrameType.READ, new BodyWriter().putBytes(key).putLong(128).putInt(1024).toBytes()));
    }
    for (byte[] key : List.of(writableKey, exported.key(), foreignKey)) {
      frames.add(WireFrame.of(FrameType.WRITE, data(key, 64)).withPayload(payload));
    }
    frames.add(
        WireFrame.of(
            FrameType.FILL,
            new BodyWriter().putBytes(writableKey).putLong(8).putLong(100).putByte(1).toBytes()));
    frames.add(WireFrame.of(FrameType.BORROW, borrow.toBytes()));
    frames.add(
        WireFrame.of(
            FrameType.MOVE,
            MoveBodies.move(
                new ShardMove(0, new int[] {1, 2}, 1, new int[] {3, 4}, TwoAgents.SOON))));
    frames.add(WireFrame.of(FrameType.BLOCK_SET, new byte[0]));
    frames.add(
        WireFrame.of(FrameType.ALLOCATE, new BodyWriter().putLong(8192).putLong(4096).toBytes()));
    for (FrameType type : List.of(FrameType.FREE, FrameType.GIVE_BACK, FrameType.CANCEL)) {
      frames.add(WireFrame.of(type, new BodyWriter().putLong(1 + random.nextInt(9)).toBytes()));
    }
    frames.add(
        WireFrame.of(FrameType.REVOKED, new BodyWriter().putBytes(exported.key()).toBytes()));
    frames.add(WireFrame.of(FrameType.PING, new byte[0]));
    frames.add(WireFrame.of(FrameType.PATH, new BodyWriter().putBytes(new byte[64]).toBytes()));
    frames.add(
        WireFrame.of(FrameType.PATH_KEY, new BodyWriter().putBytes(exported.key()).toBytes()));
    return frames;
  }

  private void assertServesOthers() {
    local.memset(0, 0, SIZE);
    two.copy(mapped, 0, local, 0, SIZE).awaitDone();
    BytePatterns.verify(local.view(), 3, "read between damaged frames, seed " + seed);
    assertThat(two.far.statistics().reservedBytes()).isBetween(0L, (long) OFFER);
    assertThat(two.context.reservedByteSize()).isLessThanOrEqualTo(OFFER);
  }

  private void assertNothingIsLeft() {
    TwoAgents.await(() -> two.far.statistics().connections() == 2); // those of the near agent
    TwoAgents.await(() -> two.far.statistics().reservedBytes() == 0);
    TwoAgents.await(() -> two.far.statistics().lentBlocks() == 0);
    BytePatterns.verify(readable.view(), 3, "an export for reading only, seed " + seed);
    HostStorage expected = local;
    fillSecret(expected.mutableView());
    assertThat(foreign.view().mismatch(expected.view())).as("seed %d", seed).isEqualTo(-1);
    assertServesOthers();
  }

  @Test
  void authenticatedPeersThatSendDamagedRequestsAreCutOrRefused() throws Exception {
    List<WireFrame> valid = validRequests();
    int cut = 0;
    int answered = 0;
    RawClient client = null;
    for (int round = 0; round < FRAMES; round++) {
      if (client == null) {
        client = new RawClient(far);
        client.authenticate(far, TOKEN_BYTES, 0);
      }
      WireFrame frame = valid.get(random.nextInt(valid.size())).withNumber(client.next());
      WireFrame bad = frame.mutated(random);
      client.send(bad);
      if (!bad.isWhole()) {
        client.endOutput();
      } else {
        client.send(WireFrame.of(FrameType.PING, new byte[0]).withNumber(client.next()));
      }
      if (isCut(client, frame.number() + 1, round)) {
        client.close();
        client = null;
        cut++;
      } else {
        answered++;
      }
      if (round % 250 == 0) {
        assertServesOthers();
      }
    }
    if (client != null) {
      client.close();
    }
    assertThat(cut).as("cut, seed %d", seed).isGreaterThan(FRAMES / 20);
    assertThat(answered).as("answered, seed %d", seed).isGreaterThan(FRAMES / 20);
    assertNothingIsLeft();
  }

  /** Reads until the ping is answered or the connection is over. */
  private boolean isCut(RawClient client, long ping, int round) {
    try {
      for (WireFrame one = client.receive(); one != null; one = client.receive()) {
        assertHarmless(one);
        if (one.number() == ping && one.is(FrameType.ANSWER)) {
          return false;
        }
      }
      return true;
    } catch (AssertionError e) {
      throw new AssertionError("seed %d, round %d".formatted(seed, round), e);
    }
  }

  @Test
  void strangersGetNothingWhateverTheySay() throws Exception {
    List<WireFrame> requests = validRequests();
    byte[] wrong = "another-secret-of-29-bytes-00".getBytes(StandardCharsets.US_ASCII);
    for (int round = 0; round < STRANGERS; round++) {
      try (RawClient client = new RawClient(far)) {
        byte[] hello = RawClient.hello(far, two.near.name(), 0);
        WireFrame first = WireFrame.of(FrameType.HELLO, hello);
        client.send(random.nextInt(3) == 0 ? first : first.mutated(random));
        WireFrame proof =
            WireFrame.of(FrameType.PROOF, Handshake.prove(wrong, "client", hello, hello));
        for (int i = random.nextInt(3); i >= 0; i--) {
          client.send(random.nextBoolean() ? proof : proof.mutated(random));
        }
        WireFrame request = requests.get(random.nextInt(requests.size()));
        client.send(request.withNumber(1));
        client.endOutput();
        for (WireFrame one = client.receive(); one != null; one = client.receive()) {
          assertThat(one.is(FrameType.CHALLENGE) || one.is(FrameType.WELCOME) && one.status() == 1)
              .as("seed %d, round %d: a frame of type %d", seed, round, one.type())
              .isTrue();
        }
      }
      if (round % 50 == 0) {
        assertServesOthers();
      }
    }
    assertNothingIsLeft();
  }

  @Test
  void recordedBytesOfASessionAreWorthNothingOnAnotherConnection() throws Exception {
    byte[] said;
    try (Backend backend =
            new RemoteBackendProvider()
                .open(two.nearContext, BackendConfig.of("token", TOKEN).with("streams", "1"));
        RemoteAgent agent = backend.agents().getFirst().open("recorded-" + far.name());
        Proxy proxy = new Proxy(far);
        RemotePeer peer = agent.connect(proxy.descriptor(), TwoAgents.SOON)) {
      Storage there = peer.map(new ExportedStorage(writableKey, SIZE, exported.type(), true));
      RecordingCompletion written = new RecordingCompletion(1);
      backend
          .transports()
          .getFirst()
          .submit(TransferBatch.builder().add(0, local, 0, there, 0, SIZE).build(), written);
      written.awaitDone();
      said = proxy.recorded();
    }
    assertThat(said.length).isGreaterThan(SIZE);
    BytePatterns.fill(writable.mutableView(), 8);
    long before = two.far.statistics().refused();
    try (RawClient replayed = new RawClient(far)) {
      replayed.send(said);
      replayed.endOutput();
      assertThat(replayed.receive().is(FrameType.CHALLENGE)).isTrue();
      WireFrame refusal = replayed.receive();
      if (refusal != null) { // else the connection was reset before the reason could be read
        assertThat(refusal.is(FrameType.WELCOME) && refusal.status() == 1).isTrue();
        assertThat(new String(refusal.body(), StandardCharsets.UTF_8)).contains("NOT_ALLOWED");
        assertThat(replayed.receive()).isNull();
      }
    }
    TwoAgents.await(() -> two.far.statistics().refused() > before);
    BytePatterns.verify(writable.view(), 8, "an export that recorded bytes tried to write");
  }

  @Test
  void aRequestThatIsReplayedWithinItsConnectionCutsIt() throws Exception {
    try (RawClient client = new RawClient(far)) {
      client.authenticate(far, TOKEN_BYTES, 0);
      WireFrame write =
          WireFrame.of(FrameType.WRITE, data(writableKey, 0))
              .withPayload(new byte[64])
              .withNumber(client.next());
      client.send(write);
      assertThat(client.receive().status()).isZero();
      BytePatterns.fill(writable.mutableView(), 8);
      client.send(write);
      assertThat(client.receive()).isNull();
      BytePatterns.verify(writable.view(), 8, "an export that a replayed write tried to change");
    }
  }

  @Test
  void damagedPayloadIsNotAcknowledged() throws Exception {
    try (RawClient client = new RawClient(far)) {
      client.authenticate(far, TOKEN_BYTES, 0);
      byte[] bytes =
          WireFrame.of(FrameType.WRITE, data(writableKey, 0))
              .withPayload(new byte[64])
              .withNumber(client.next())
              .encode();
      bytes[bytes.length - 7] ^= 16;
      client.send(bytes);
      WireFrame refusal = client.receive();
      assertThat(refusal.status()).isEqualTo(1);
      assertThat(new String(refusal.body(), StandardCharsets.UTF_8)).contains("CORRUPT");
    }
  }
}
