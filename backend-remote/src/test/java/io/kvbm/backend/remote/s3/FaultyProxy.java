package io.kvbm.backend.remote.s3;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import java.util.regex.Pattern;

/**
 * Stands before an S3 server and fails requests. It lets one conditional put of a key in at a time,
 * so that the server's look and its put are one step; see {@link S3Server}.
 */
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
    FLIP,
    /** Answered with 200 and an error in its body, never sent on. */
    ERROR_IN_200,
    /** Sent on, two thirds of the answer given, and then nothing more. */
    HALT,
    /** Sent on, two thirds of the answer given, and then a byte now and then. */
    TRICKLE
  }

  private static final Pattern CONDITION = Pattern.compile("(?im)^if-(none-)?match:");

  private final ServerSocket server;
  private final int upstream;
  private final IntFunction<Fate> fates;
  private final AtomicInteger requests = new AtomicInteger();
  private final Queue<String> heads = new ConcurrentLinkedQueue<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Map<String, ReentrantLock> conditional = new ConcurrentHashMap<>();

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

  /** {@return the first lines and headers of the requests of a kind} */
  List<String> heads(String start) {
    return heads.stream().filter(head -> head.startsWith(start)).toList();
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
      InputStream in = new BufferedInputStream(client.getInputStream());
      while (served(client, in)) {
        // the next request of the connection
      }
    } catch (IOException e) {
      // The client went away, which is its business.
    } finally {
      open.remove(client);
    }
  }

  /** {@return whether another request may follow} */
  private boolean served(Socket client, InputStream in) throws IOException {
    String head = head(in);
    if (head.isEmpty()) {
      return false;
    }
    heads.add(head);
    Fate fate = fates.apply(requests.getAndIncrement());
    if (head.toLowerCase(Locale.ROOT).contains("expect: 100-continue")) {
      client
          .getOutputStream()
          .write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }
    byte[] body = in.readNBytes(length(head));
    answer(client, in, head, body, fate);
    return fate == Fate.PASS;
  }

  private void answer(Socket client, InputStream in, String head, byte[] body, Fate fate)
      throws IOException {
    switch (fate) {
      case ERROR_500 -> error(client, "500 Internal Server Error");
      case ERROR_503 -> error(client, "503 Slow Down");
      case ERROR_IN_200 ->
          client
              .getOutputStream()
              .write(
                  ("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n"
                          + "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                          + "<Error><Code>InternalError</Code><Message>try again</Message></Error>")
                      .getBytes(StandardCharsets.US_ASCII));
      case HALT -> {
        byte[] answer = forward(head, body);
        client.getOutputStream().write(answer, 0, answer.length * 2 / 3);
        in.read();
      }
      case TRICKLE -> {
        byte[] answer = forward(head, body);
        client.getOutputStream().write(answer, 0, answer.length * 2 / 3);
        for (int i = answer.length * 2 / 3; i < answer.length; i++) {
          client.getOutputStream().write(answer, i, 1);
          LockSupport.parkNanos(50_000_000);
        }
      }
      case RESET -> client.setSoLinger(true, 0);
      case SILENCE -> in.read();
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
      case PASS -> client.getOutputStream().write(staying(head, forward(head, body)));
    }
  }

  private static void error(Socket client, String status) throws IOException {
    client
        .getOutputStream()
        .write(
            ("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
  }

  /** {@return the answer without the end of its connection, its length said} */
  private static byte[] staying(String request, byte[] answer) throws IOException {
    String text = new String(answer, StandardCharsets.ISO_8859_1);
    if (!text.contains("\r\n\r\n")) {
      throw new IOException("the server gave no answer");
    }
    int end = text.indexOf("\r\n\r\n") + 4;
    String head = text.substring(0, end).replaceAll("(?im)^connection:.*\r\n", "");
    boolean said =
        head.toLowerCase(Locale.ROOT).contains("content-length:")
            || head.toLowerCase(Locale.ROOT).contains("transfer-encoding:")
            || request.startsWith("HEAD ")
            || head.startsWith("HTTP/1.1 204");
    String length = said ? "" : "Content-Length: " + (answer.length - end) + "\r\n";
    byte[] kept =
        (head.substring(0, head.length() - 2) + length + "\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    byte[] whole = Arrays.copyOf(kept, kept.length + answer.length - end);
    System.arraycopy(answer, end, whole, kept.length, answer.length - end);
    return whole;
  }

  private byte[] forward(String head, byte[] body) throws IOException {
    boolean isConditional =
        !head.startsWith("GET ") && !head.startsWith("HEAD ") && CONDITION.matcher(head).find();
    if (!isConditional) {
      return exchange(head, body);
    }
    String key = head.split("[ ?]", 3)[1];
    ReentrantLock lock = conditional.computeIfAbsent(key, _ -> new ReentrantLock());
    lock.lock();
    try {
      return exchange(head, body);
    } finally {
      lock.unlock();
    }
  }

  private byte[] exchange(String head, byte[] body) throws IOException {
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
    var found = Pattern.compile("(?im)^content-length:\\s*(\\d+)").matcher(head);
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
