package io.kvbm.backend.remote.directory.etcd;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A line to a server that can be cut, as a network is: what is connected breaks, nothing gets in.
 */
final class CutLine implements AutoCloseable {

  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile boolean cut;

  CutLine(int target) throws IOException {
    this.target = target;
    Thread.ofPlatform().daemon().start(this::accept);
  }

  String endpoint() {
    return "http://127.0.0.1:" + listener.getLocalPort();
  }

  void cut(boolean now) throws IOException {
    cut = now;
    if (now) {
      for (Socket socket : open) {
        socket.close();
      }
      open.clear();
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket from = listener.accept();
        if (cut) {
          from.close();
          continue;
        }
        Socket to = new Socket(InetAddress.getLoopbackAddress(), target);
        open.add(from);
        open.add(to);
        Thread.ofPlatform().daemon().start(() -> copy(from, to));
        Thread.ofPlatform().daemon().start(() -> copy(to, from));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private static void copy(Socket from, Socket to) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      in.transferTo(out);
    } catch (IOException e) {
      // one end has gone: so does the other
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cut(true);
  }
}
