package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.backend.remote.auth.Handshake;
import io.kvbm.backend.remote.wire.BodyReader;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.backend.remote.wire.WireException;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;

/** A client that says what the test wants. For one thread. */
final class RawClient implements AutoCloseable {

  private static final long MAGIC = 0x3154_4d52_4d42_564bL;

  private final Socket socket = new Socket();
  private final DataInputStream in;
  private long number;

  RawClient(AgentDescriptor far) throws IOException {
    String[] address = far.endpoints().getFirst().address().split(":");
    socket.setReceiveBufferSize(64 << 10);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout((int) TwoAgents.SOON.toMillis());
    socket.connect(new InetSocketAddress(address[0], Integer.parseInt(address[1])));
    in = new DataInputStream(socket.getInputStream());
  }

  static byte[] hello(AgentDescriptor far, String name, long session) {
    return new BodyWriter()
        .putLong(MAGIC)
        .putBytes(Handshake.nonce())
        .putText(name)
        .putLong(5)
        .putText(far.name())
        .putLong(far.generation())
        .putLong(session)
        .toBytes();
  }

  /** Proves itself and {@return the session}. */
  long authenticate(AgentDescriptor far, byte[] token, long session)
      throws IOException, WireException {
    byte[] hello = hello(far, "raw", session);
    send(WireFrame.of(FrameType.HELLO, hello));
    WireFrame challenge = receive();
    send(WireFrame.of(FrameType.PROOF, Handshake.prove(token, "client", hello, challenge.body())));
    WireFrame welcome = receive();
    assertThat(welcome.is(FrameType.WELCOME) && welcome.status() == 0).isTrue();
    BodyReader body = new BodyReader(welcome.body());
    assertThat(body.getBytes(64))
        .isEqualTo(Handshake.prove(token, "server", hello, challenge.body()));
    return body.getLong();
  }

  long next() {
    return ++number;
  }

  /** Sends; {@return whether the other side still listens}. */
  boolean send(WireFrame frame) {
    return send(frame.encode());
  }

  boolean send(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  void endOutput() {
    try {
      socket.shutdownOutput();
    } catch (IOException _) {
      // The other side was faster.
    }
  }

  /**
   * {@return the next frame, or null once the connection is over}
   *
   * @throws AssertionError if neither comes
   */
  WireFrame receive() {
    try {
      return WireFrame.read(in);
    } catch (SocketTimeoutException e) {
      throw new AssertionError("neither an answer nor an end", e);
    } catch (IOException _) {
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
