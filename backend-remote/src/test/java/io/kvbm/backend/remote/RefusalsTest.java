package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.TestContext;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.ResourceBundle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Each thing that an agent must refuse, by its name. */
@Timeout(60)
@SuppressWarnings("try") // what is closed when is what is tested
class RefusalsTest {

  private static final String TOKEN = "a-secret-of-32-bytes-0123456789a";
  private static final BackendConfig WITH_TOKEN = BackendConfig.of("token", TOKEN);
  private static final int SIZE = 4096;

  @TempDir private Path directory;

  private static KvbmException refused(Runnable call) {
    List<KvbmException> thrown = new ArrayList<>();
    assertThatThrownBy(call::run).satisfies(e -> thrown.add((KvbmException) e));
    return thrown.getFirst();
  }

  private static WireFrame read(byte[] key, long offset, int byteSize) {
    return WireFrame.of(
        FrameType.READ, new BodyWriter().putBytes(key).putLong(offset).putInt(byteSize).toBytes());
  }

  @Test
  void anUnauthenticatedClientIsRefused() throws Exception {
    try (TwoAgents two = new TwoAgents(WITH_TOKEN, BackendConfig.empty());
        HostStorage there = new HostStorage(SIZE)) {
      assertThat(refused(two::connect).code()).isEqualTo(ErrorCode.NOT_ALLOWED);
      ExportedStorage exported = two.export(there);
      try (RawClient client = new RawClient(two.far.descriptor())) {
        client.send(read(exported.key(), 0, SIZE).withNumber(client.next()));
        assertThat(client.receive()).as("a read before any proof").isNull();
      }
      try (RawClient client = new RawClient(two.far.descriptor())) {
        byte[] hello = RawClient.hello(two.far.descriptor(), "raw", 0);
        client.send(WireFrame.of(FrameType.HELLO, hello));
        assertThat(client.receive().is(FrameType.CHALLENGE)).isTrue();
        client.send(read(exported.key(), 0, SIZE).withNumber(client.next()));
        WireFrame refusal = client.receive();
        assertThat(refusal == null || refusal.is(FrameType.WELCOME) && refusal.status() == 1)
            .as("a read instead of a proof: %s", refusal)
            .isTrue();
      }
      TwoAgents.await(() -> two.far.statistics().connections() == 0);
      assertThat(two.far.statistics().bytesServed()).isZero();
    }
  }

  @Test
  void aWrongCertificateIsRefused() throws Exception {
    Path own = directory.resolve("own");
    Path other = directory.resolve("other");
    new TestCertificates(own).sign("tls-far").sign("tls-near").signExpired("tls-old");
    new TestCertificates(other).sign("tls-near");
    try (TestContext context = new TestContext();
        Backend far = open(context, own, "tls-far", own);
        RemoteAgent farAgent = far.agents().getFirst().open("tls-far")) {
      assertTlsRefused(context, farAgent, "tls-near", other, "tls-near", own); // not our authority
      assertTlsRefused(context, farAgent, "tls-near", own, "tls-far", own); // another's name
      assertTlsRefused(context, farAgent, "tls-old", own, "tls-old", own); // its time is over
      assertTlsRefused(context, farAgent, "tls-near", own, "tls-near", other); // does not trust far
      try (Backend near = open(context, own, "tls-near", own);
          RemoteAgent agent = near.agents().getFirst().open("tls-near")) {
        assertThat(agent.connect(farAgent.descriptor(), TwoAgents.SOON).isConnected()).isTrue();
      }
    }
  }

  private static void assertTlsRefused(
      TestContext context, RemoteAgent far, String name, Path keys, String file, Path trusted) {
    try (Backend backend = open(context, keys, file, trusted);
        RemoteAgent agent = backend.agents().getFirst().open(name)) {
      assertThat(refused(() -> agent.connect(far.descriptor(), TwoAgents.SOON)).code())
          .as("%s with %s/%s, trusting %s", name, keys, file, trusted)
          .isEqualTo(ErrorCode.NOT_ALLOWED);
      assertThat(agent.peers()).isEmpty();
    }
  }

  private static Backend open(TestContext context, Path keys, String name, Path trusted) {
    return new RemoteBackendProvider()
        .open(
            context,
            BackendConfig.of("tlsCertificate", keys.resolve(name + ".pem").toString())
                .with("tlsKey", keys.resolve(name + ".key").toString())
                .with("tlsAuthority", trusted.resolve("authority.pem").toString()));
  }

  @Test
  void anExpiredGenerationIsRefused() {
    try (TwoAgents two = new TwoAgents(WITH_TOKEN, WITH_TOKEN);
        HostStorage there = new HostStorage(SIZE);
        HostStorage here = new HostStorage(SIZE)) {
      AgentDescriptor former = two.far.descriptor();
      ExportedStorage exported = two.export(there);
      two.connect();
      two.far.close();
      try (RemoteAgent again = two.farBackend.agents().getFirst().open(former.name())) {
        AgentDescriptor expired =
            new AgentDescriptor(former.name(), former.generation(), again.descriptor().endpoints());
        assertThat(refused(() -> two.connect(expired)).code()).isEqualTo(ErrorCode.DISCONNECTED);
        Storage stale = two.connect(again.descriptor()).map(exported);
        assertThat(two.copy(stale, 0, here, 0, SIZE).awaitFailure(0).code())
            .as("a key of the former run")
            .isEqualTo(ErrorCode.CLOSED);
      }
    }
  }

  @Test
  void anOutOfRangeReadIsRefused() throws Exception {
    try (TwoAgents two = new TwoAgents(WITH_TOKEN, WITH_TOKEN);
        HostStorage there = new HostStorage(SIZE);
        HostStorage here = new HostStorage(2 * SIZE)) {
      BytePatterns.fill(there.mutableView(), 3);
      ExportedStorage exported = two.far.register(there, RemoteAccess.READ);
      Storage larger =
          two.connect()
              .map(new ExportedStorage(exported.key(), 2 * SIZE, StorageType.SYSTEM, true));
      for (long at : new long[] {1, SIZE - 1, SIZE}) {
        assertThat(two.copy(larger, at, here, 0, SIZE).awaitFailure(0).code())
            .as("%d bytes at %d of %d", SIZE, at, SIZE)
            .isEqualTo(ErrorCode.OUT_OF_BOUNDS);
      }
      try (RawClient client = new RawClient(two.far.descriptor())) {
        client.authenticate(two.far.descriptor(), TOKEN.getBytes(StandardCharsets.US_ASCII), 0);
        for (long at : new long[] {-1, -SIZE, Long.MAX_VALUE, Long.MIN_VALUE, SIZE}) {
          client.send(read(exported.key(), at, 16).withNumber(client.next()));
          WireFrame refusal = client.receive();
          assertThat(refusal.status()).as("16 bytes at %d", at).isEqualTo(1);
          assertThat(refusal.payload()).isEmpty();
          assertThat(new String(refusal.body(), StandardCharsets.UTF_8)).contains("OUT_OF_BOUNDS");
        }
      }
      assertThat(two.far.statistics().bytesServed()).isZero();
    }
  }

  @Test
  void anOversizedFrameIsCutBeforeItIsTaken() throws Exception {
    try (TwoAgents two = new TwoAgents(WITH_TOKEN, WITH_TOKEN)) {
      AgentDescriptor far = two.far.descriptor();
      byte[] hello = RawClient.hello(far, "raw", 0);
      for (int length : new int[] {1025, 1 << 20, Integer.MAX_VALUE}) {
        try (RawClient client = new RawClient(far)) {
          client.send(
              new WireFrame(FrameType.HELLO.code(), 0, 0, 0, hello, new byte[0], length, 0));
          assertThat(client.receive()).as("a first body said to have %d bytes", length).isNull();
        }
      }
      int body = (1 << 20) + (64 << 10) + 1;
      for (int[] lengths :
          new int[][] {{body, 0}, {Integer.MAX_VALUE, 0}, {8, (1 << 20) + 1}, {8, 1 << 30}}) {
        try (RawClient client = new RawClient(far)) {
          client.authenticate(far, TOKEN.getBytes(StandardCharsets.US_ASCII), 0);
          client.send(
              new WireFrame(
                  FrameType.WRITE.code(),
                  0,
                  1,
                  client.next(),
                  new byte[8],
                  new byte[0],
                  lengths[0],
                  lengths[1]));
          assertThat(client.receive()).as("%d and %d bytes", lengths[0], lengths[1]).isNull();
        }
      }
      assertThat(two.connect().ping(TwoAgents.SOON)).isPositive();
    }
  }

  @Test
  void nothingListensBeyondLoopbackWithoutAuthentication() throws Exception {
    assertThat(
            refused(
                    () ->
                        new RemoteBackendProvider()
                            .open(new TestContext(), BackendConfig.of("bind", "0.0.0.0")))
                .code())
        .isEqualTo(ErrorCode.INVALID_CONFIG);
    try (TwoAgents two = new TwoAgents()) {
      for (AgentEndpoint endpoint : two.far.descriptor().endpoints()) {
        String address = endpoint.address();
        int colon = address.lastIndexOf(':');
        InetAddress bound = InetAddress.getByName(address.substring(0, colon));
        assertThat(bound.isLoopbackAddress()).as(address).isTrue();
        for (InetAddress other : addressesBeyondLoopback()) {
          assertThatThrownBy(
                  () -> new Socket(other, Integer.parseInt(address.substring(colon + 1))).close())
              .as("%s is not listened on", other)
              .isInstanceOf(SocketException.class);
        }
      }
    }
  }

  private static List<InetAddress> addressesBeyondLoopback() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
        .toList();
  }

  @Test
  void noLogAndNoErrorShowsASecret() throws Exception {
    List<String> said = Collections.synchronizedList(new ArrayList<>());
    String other = "another-secret-of-29-bytes-00";
    try (TwoAgents two =
        new TwoAgents(WITH_TOKEN, BackendConfig.of("token", other), new Recording(said))) {
      StringWriter trace = new StringWriter();
      refused(two::connect).printStackTrace(new PrintWriter(trace));
      said.add(trace.toString());
      said.add(two.far + " " + two.near + " " + two.farBackend + " " + WITH_TOKEN);
    }
    BackendConfig broken = WITH_TOKEN.with("tlsKey", "/nowhere/key.pem");
    StringWriter trace = new StringWriter();
    refused(() -> new RemoteBackendProvider().open(new TestContext(), broken))
        .printStackTrace(new PrintWriter(trace));
    said.add(trace.toString());
    assertThat(said).noneMatch(text -> text.contains(TOKEN) || text.contains(other));
  }

  /** Keeps all that is logged, at every level. */
  private record Recording(List<String> said) implements System.Logger {
    @Override
    public String getName() {
      return "recording";
    }

    @Override
    public boolean isLoggable(Level level) {
      return true;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
      StringWriter trace = new StringWriter();
      if (thrown != null) {
        thrown.printStackTrace(new PrintWriter(trace));
      }
      said.add(message + trace);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
      said.add(format + List.of(parameters == null ? new Object[0] : parameters));
    }
  }
}
