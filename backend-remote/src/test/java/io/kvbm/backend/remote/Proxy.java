package io.kvbm.backend.remote;

import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
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
  private final AtomicLong flips = new AtomicLong();
  private volatile CountDownLatch gate = new CountDownLatch(0);

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
    flips.set(chunks);
  }

  /** Forwards nothing any more, until {@link #close}. */
  void stall() {
    gate = new CountDownLatch(1);
  }

  private void accept() {
    try {
      while (true) {
        Socket near = listener.accept();
        String[] address = behind.endpoints().getFirst().address().split(":");
        Socket far = new Socket(address[0], Integer.parseInt(address[1]));
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
        gate.await();
        if (answers && flips.get() > 0 && flips.getAndDecrement() > 0) {
          buffer[count / 2] ^= 4;
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
    gate.countDown();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
