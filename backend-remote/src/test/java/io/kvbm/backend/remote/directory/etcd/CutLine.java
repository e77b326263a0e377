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
 * Or it falls silent: connections stay and new ones are made, but nothing comes through.
 */
final class CutLine implements AutoCloseable {

  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile boolean cut;
  private boolean silent; // guarded by this

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

  /** Holds back what is on its way, or lets it go on. */
  synchronized void silence(boolean now) {
    silent = now;
    notifyAll();
  }

  private synchronized void awaitSound() throws IOException {
    try {
      while (silent) {
        wait();
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
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

  private void copy(Socket from, Socket to) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] piece = new byte[8192];
      for (int count; (count = in.read(piece)) >= 0; ) {
        awaitSound();
        out.write(piece, 0, count);
      }
    } catch (IOException e) {
      // one end has gone: so does the other
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cut(true);
    silence(false);
  }
}
