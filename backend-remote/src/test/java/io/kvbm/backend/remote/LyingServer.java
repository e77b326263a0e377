package io.kvbm.backend.remote;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.backend.remote.auth.Handshake;
import io.kvbm.backend.remote.wire.BodyReader;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.backend.remote.wire.MoveBodies;
import io.kvbm.backend.remote.wire.Refusals;
import io.kvbm.backend.remote.wire.WireException;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that authenticates (there is no token) and then answers with damaged frames, whose
 * checksums are right; the right answer follows each. Reads are answered with 64s.
 */
final class LyingServer implements AutoCloseable {

  static final String NAME = "liar";
  private static final long GENERATION = 7;

  private final ServerSocket listener;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final long seed;
  private final AtomicInteger connections = new AtomicInteger();
  private volatile int inTen;

  LyingServer(long seed) throws IOException {
    this.seed = seed;
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  AgentDescriptor descriptor() {
    return new AgentDescriptor(
        NAME,
        GENERATION,
        List.of(new AgentEndpoint("tcp", "127.0.0.1:" + listener.getLocalPort())));
  }

  /** How many of ten frames are damaged. */
  void lie(int ofTen) {
    inTen = ofTen;
  }

  /** Tells everyone who is connected that the exports end because the agent does, and stays. */
  void sayItCloses() throws IOException {
    byte[] body = new BodyWriter().putBytes(new byte[16]).putByte(1).toBytes();
    for (Socket socket : sockets) {
      socket.getOutputStream().write(WireFrame.of(FrameType.REVOKE, body).encode());
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        sockets.add(socket);
        Random random = new Random(seed + connections.incrementAndGet());
        Thread.ofVirtual().start(() -> serve(socket, random));
      }
    } catch (IOException _) {
      // Closed.
    }
  }

  private void serve(Socket socket, Random random) {
    try (socket) {
      socket.setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      WireFrame.read(in);
      BodyWriter challenge = new BodyWriter().putBytes(Handshake.nonce()).putText(NAME);
      say(out, WireFrame.of(FrameType.CHALLENGE, challenge.putLong(GENERATION).toBytes()), random);
      WireFrame.read(in);
      BodyWriter welcome = new BodyWriter().putBytes(new byte[0]).putLong(9).putInt(1 << 20);
      say(out, WireFrame.of(FrameType.WELCOME, welcome.putLong(15_000).toBytes()), random);
      for (WireFrame one = WireFrame.read(in); one != null; one = WireFrame.read(in)) {
        if (one.is(FrameType.REVOKED) || one.is(FrameType.CANCEL)) {
          continue;
        }
        if (random.nextInt(20) < inTen) {
          byte[] key = new byte[16];
          WireFrame revoke =
              WireFrame.of(FrameType.REVOKE, new BodyWriter().putBytes(key).putByte(0).toBytes());
          say(out, revoke, random);
        }
        say(out, answer(one, random).withNumber(one.number()), random);
      }
    } catch (IOException | WireException _) {
      // The client has enough.
    } finally {
      sockets.remove(socket);
    }
  }

  /** Says a frame; where it lies, the damaged one comes first. */
  private void say(OutputStream out, WireFrame right, Random random) throws IOException {
    if (random.nextInt(10) < inTen) {
      WireFrame wrong = right.mutated(random);
      out.write(wrong.encode());
      if (!wrong.isWhole()) {
        throw new IOException("promised more than it says");
      }
    }
    out.write(right.encode());
  }

  private WireFrame answer(WireFrame request, Random random) throws WireException {
    if (random.nextInt(20) < inTen) {
      byte[] why =
          Refusals.body(
              new CapacityException(ErrorCode.ALLOCATION_FAILED, "there is too little", 9, 3));
      WireFrame refusal = WireFrame.of(FrameType.ANSWER, why);
      return new WireFrame(refusal.type(), 1, 0, 0, why, new byte[0], -1, -1);
    }
    BodyReader body = new BodyReader(request.body());
    if (request.is(FrameType.READ)) {
      body.getBytes(64);
      body.getLong();
      byte[] bytes = new byte[body.getInt()];
      Arrays.fill(bytes, (byte) 64);
      return WireFrame.of(FrameType.BYTES, new byte[0]).withPayload(bytes);
    }
    return WireFrame.of(FrameType.ANSWER, ANSWERS.getOrDefault(request.type(), new byte[0]));
  }

  private static final Map<Integer, byte[]> ANSWERS =
      Map.of(
          FrameType.ALLOCATE.code(),
          new BodyWriter().putLong(1).putBytes(new byte[16]).toBytes(),
          FrameType.BORROW.code(),
          loan(),
          FrameType.BLOCK_SET.code(),
          new byte[] {1, 2, 3},
          FrameType.MOVE.code(),
          MoveBodies.outcome(
              new ShardOutcome(
                  List.of(
                      new BlockOutcome.Done(64),
                      new BlockOutcome.Failed(
                          new TransientException(ErrorCode.STALLED, "stalled"))))));

  private static byte[] loan() {
    BodyWriter body = new BodyWriter().putLong(2).putInt(2);
    for (int i = 0; i < 2; i++) {
      body.putLong(i).putLong(i).putInt(0).putInt(i).putLong(77);
    }
    return body.toBytes();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
