package io.kvbm.backend.remote.s3;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** Stands before an S3 server and fails requests, one request for each connection. */
final class FaultyProxy implements AutoCloseable {

  /** What becomes of a request. */
  enum Fate {
    PASS,
    /** Answered with 500, never sent on. */
    ERROR_500,
    /** Answered with 503. */
    ERROR_503,
    /** Sent on, the connection reset instead of an answer. */
    RESET_AFTER,
    /** The connection reset at once. */
    RESET,
    /** Sent on, the answer cut off in the middle. */
    CUT,
    /** Never answered. */
    SILENCE,
    /** Sent on, a byte of the answer's body changed. */
    FLIP
  }

  private final ServerSocket server;
  private final int upstream;
  private final IntFunction<Fate> fates;
  private final AtomicInteger requests = new AtomicInteger();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  FaultyProxy(int upstream, IntFunction<Fate> fates) throws IOException {
    this.upstream = upstream;
    this.fates = fates;
    server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  int requests() {
    return requests.get();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = server.accept();
        open.add(client);
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = client.getInputStream();
      String head = head(in);
      if (head.isEmpty()) {
        return;
      }
      Fate fate = fates.apply(requests.getAndIncrement());
      if (head.toLowerCase(Locale.ROOT).contains("expect: 100-continue")) {
        client
            .getOutputStream()
            .write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      }
      byte[] body = in.readNBytes(length(head));
      answer(client, head, body, fate);
    } catch (IOException e) {
      // The client went away, which is its business.
    } finally {
      open.remove(client);
    }
  }

  private void answer(Socket client, String head, byte[] body, Fate fate) throws IOException {
    switch (fate) {
      case ERROR_500 -> error(client, "500 Internal Server Error");
      case ERROR_503 -> error(client, "503 Slow Down");
      case RESET -> client.setSoLinger(true, 0);
      case SILENCE -> client.getInputStream().read();
      case RESET_AFTER -> {
        forward(head, body);
        client.setSoLinger(true, 0);
      }
      case CUT -> {
        byte[] answer = forward(head, body);
        client.getOutputStream().write(answer, 0, answer.length * 2 / 3);
      }
      case FLIP -> {
        byte[] answer = forward(head, body);
        answer[answer.length - 1000] ^= 1;
        client.getOutputStream().write(answer);
      }
      case PASS -> client.getOutputStream().write(forward(head, body));
    }
  }

  private static void error(Socket client, String status) throws IOException {
    client
        .getOutputStream()
        .write(
            ("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
  }

  private byte[] forward(String head, byte[] body) throws IOException {
    try (Socket server = new Socket(InetAddress.getLoopbackAddress(), upstream)) {
      String sent =
          head.replaceAll("(?im)^(expect|connection):.*\r\n", "")
              .replaceFirst("\r\n\r\n$", "\r\nConnection: close\r\n\r\n");
      server.getOutputStream().write(sent.getBytes(StandardCharsets.ISO_8859_1));
      server.getOutputStream().write(body);
      return server.getInputStream().readAllBytes();
    }
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int last = 0;
    for (int b; (b = in.read()) >= 0; ) {
      bytes.write(b);
      last = last << 8 | b;
      if (last == 0x0D0A0D0A) {
        return bytes.toString(StandardCharsets.ISO_8859_1);
      }
    }
    return "";
  }

  private static int length(String head) {
    var found = java.util.regex.Pattern.compile("(?im)^content-length:\\s*(\\d+)").matcher(head);
    return found.find() ? Integer.parseInt(found.group(1)) : 0;
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
