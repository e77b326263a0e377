package io.kvbm.backend.remote;

import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** Stands between two agents and harms what they say. */
final class Proxy implements AutoCloseable {

  private final ServerSocket listener;
  private final AgentDescriptor behind;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicLong flippedAnswers = new AtomicLong();
  private final AtomicLong flippedRequests = new AtomicLong();
  private final AtomicLong answered = new AtomicLong();
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private volatile CountDownLatch requestGate = new CountDownLatch(0);
  private volatile CountDownLatch answerGate = new CountDownLatch(0);

  Proxy(AgentDescriptor behind) throws IOException {
    this.behind = behind;
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  /** {@return the agent behind, as it is reached through here} */
  AgentDescriptor descriptor() {
    return new AgentDescriptor(
        behind.name(),
        behind.generation(),
        List.of(new AgentEndpoint("tcp", "127.0.0.1:" + listener.getLocalPort())));
  }

  /** Changes one byte in the middle of each of the next chunks the server sends. */
  void flip(int chunks) {
    flippedAnswers.set(chunks);
  }

  /** Changes one byte in the middle of each of the next chunks the client sends. */
  void flipRequests(int chunks) {
    flippedRequests.set(chunks);
  }

  /** Forwards nothing any more either way, and closes nothing, until healed or closed. */
  void stall() {
    requestGate = new CountDownLatch(1);
    stallAnswers();
  }

  /** Forwards nothing any more that the server says, until healed or closed. */
  void stallAnswers() {
    answerGate = new CountDownLatch(1);
  }

  /** Forwards again, what it held back first. */
  void heal() {
    requestGate.countDown();
    answerGate.countDown();
  }

  /** {@return everything the clients have said, in order where there is one connection} */
  byte[] recorded() {
    return said.toByteArray();
  }

  /** {@return how many bytes the servers have said, forwarded or not} */
  long answered() {
    return answered.get();
  }

  /** Ends all connections at once, and listens on. */
  void cut() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket near = listener.accept();
        String[] address = behind.endpoints().getFirst().address().split(":");
        Socket far = new Socket();
        far.setReceiveBufferSize(64 << 10); // little fits in here: a stall is felt at once
        far.connect(new InetSocketAddress(address[0], Integer.parseInt(address[1])));
        sockets.add(near);
        sockets.add(far);
        Thread.ofVirtual().start(() -> forward(near, far, false));
        Thread.ofVirtual().start(() -> forward(far, near, true));
      }
    } catch (IOException _) {
      // Closed.
    }
  }

  private void forward(Socket from, Socket to, boolean answers) {
    byte[] buffer = new byte[16 << 10];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (answers) {
          answered.addAndGet(count);
        }
        (answers ? answerGate : requestGate).await();
        AtomicLong flips = answers ? flippedAnswers : flippedRequests;
        if (flips.get() > 0 && flips.getAndDecrement() > 0) {
          buffer[count / 2] ^= 4;
        }
        if (!answers) {
          said.write(buffer, 0, count);
        }
        out.write(buffer, 0, count);
      }
    } catch (IOException | InterruptedException _) {
      // Either side is gone.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cut();
    heal();
  }
}
