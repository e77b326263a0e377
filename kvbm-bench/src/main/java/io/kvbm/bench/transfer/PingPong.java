package io.kvbm.bench.transfer;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * A request of a few bytes and an answer of a block over plain blocking sockets: what a round trip
 * costs where nothing else is done.
 */
final class PingPong {

  private static final int REQUEST_BYTES = 32;

  private PingPong() {}

  /**
   * Answers one connection after the other until the socket is closed.
   *
   * @param server accepts
   * @param byteSize of an answer
   */
  static void answer(ServerSocket server, int byteSize) {
    byte[] request = new byte[REQUEST_BYTES];
    byte[] block = new byte[byteSize];
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        socket.setTcpNoDelay(true);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        while (true) {
          in.readFully(request);
          out.write(block);
        }
      } catch (EOFException _) {
        // This client has what it wanted.
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new IllegalStateException("the socket for plain round trips failed", e);
        }
      }
    }
  }

  /**
   * {@return the median of a round trip in nanoseconds}
   *
   * @param port where {@link #answer} listens
   * @param byteSize of an answer
   * @param seconds how long to measure, after as long a warm-up
   */
  static double medianNanos(int port, int byteSize, double seconds) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      byte[] request = new byte[REQUEST_BYTES];
      byte[] block = new byte[byteSize];
      LatencyLog log = new LatencyLog();
      for (int phase = 0; phase < 2; phase++) {
        log.clear();
        long until = System.nanoTime() + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        while (System.nanoTime() - until < 0) {
          long start = System.nanoTime();
          out.write(request);
          in.readFully(block);
          log.add(System.nanoTime() - start);
        }
      }
      return log.median();
    }
  }

  /** Times of single operations. For one thread. */
  static final class LatencyLog {
    private long[] nanos = new long[1 << 16];
    private int size;

    void clear() {
      size = 0;
    }

    void add(long value) {
      if (size == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * size);
      }
      nanos[size++] = value;
    }

    double median() {
      return at(0.5);
    }

    double at(double share) {
      long[] sorted = Arrays.copyOf(nanos, size);
      Arrays.sort(sorted);
      return size == 0 ? 0 : sorted[(int) Math.min(size - 1, Math.round(share * (size - 1)))];
    }
  }
}
