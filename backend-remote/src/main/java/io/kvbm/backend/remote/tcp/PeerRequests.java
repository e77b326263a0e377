package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.LentBlock;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.PeerService;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.backend.remote.path.DataPath;
import io.kvbm.backend.remote.wire.BodyReader;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameHeader;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.backend.remote.wire.Limits;
import io.kvbm.backend.remote.wire.MoveBodies;
import io.kvbm.backend.remote.wire.Refusals;
import io.kvbm.backend.remote.wire.WireException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Answers what peers ask beyond reads and writes. Taken on the event loop, answered from any. */
final class PeerRequests {

  private static final int MOST_AT_ONCE = 1024;
  private static final byte[] CANCELLED =
      Refusals.body(new TransientException(ErrorCode.DEADLINE_EXCEEDED, "cancelled as asked"));

  private final TcpAgent agent;
  private final ServerStream stream;
  private final Map<Long, CompletableFuture<?>> open = new HashMap<>();

  PeerRequests(TcpAgent agent, ServerStream stream) {
    this.agent = agent;
    this.stream = stream;
  }

  void take(FrameType type, long number, BodyReader body, Session session) throws WireException {
    switch (type) {
      case PING -> stream.send(FrameType.ANSWER, FrameHeader.OK, number, new byte[0]);
      case FILL -> fill(number, body, session);
      case ALLOCATE -> allocate(number, body, session);
      case FREE -> {
        session.free(body.getLong());
        stream.send(FrameType.ANSWER, FrameHeader.OK, number, new byte[0]);
      }
      case BORROW -> borrow(number, body, session);
      case GIVE_BACK -> {
        session.giveBack(body.getLong());
        stream.send(FrameType.ANSWER, FrameHeader.OK, number, new byte[0]);
      }
      case MOVE -> {
        ShardMove move = MoveBodies.readMove(body);
        later(number, () -> service().move(session.peer, move).thenApply(MoveBodies::outcome));
      }
      case BLOCK_SET ->
          later(number, () -> service().blockSet(session.peer).thenApply(PeerRequests::fitting));
      case CANCEL -> {
        long cancelledNumber = body.getLong();
        CompletableFuture<?> cancelled;
        synchronized (open) {
          cancelled = open.remove(cancelledNumber);
        }
        if (cancelled != null && cancelled.cancel(false)) {
          // Every request has one answer, so that the peer can forget it.
          stream.send(FrameType.ANSWER, FrameHeader.REFUSED, cancelledNumber, CANCELLED);
        }
      }
      case PATH -> path(number, body, session);
      case PATH_KEY -> {
        byte[] key = body.getBytes(64);
        later(number, () -> CompletableFuture.completedStage(session.pathKey(key)));
      }
      case REVOKED -> session.returned(body.getBytes(64), body.getByte() != 0);
      default -> throw new WireException("a peer does not ask for %s".formatted(type), false);
    }
  }

  /** Tells where the agent's data path is; a name that is empty says farewell to it. */
  private void path(long number, BodyReader body, Session session) throws WireException {
    String name = body.getText(64);
    DataPath path = agent.path().current();
    byte[] address = new byte[0];
    if (name.isEmpty()) {
      session.returnedAll();
    } else if (path != null && path.name().equals(name)) {
      address = path.address();
    }
    byte[] answer = new BodyWriter().putBytes(address).toBytes();
    stream.send(FrameType.ANSWER, FrameHeader.OK, number, answer);
  }

  private PeerService service() {
    PeerService service = agent.service();
    if (service == null) {
      throw new CallerException(ErrorCode.UNSUPPORTED, "the agent shares nothing");
    }
    return service;
  }

  private static byte[] fitting(byte[] set) {
    if (set.length > Limits.ANSWER_BODY) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "the block set has %d bytes, %d at most can be sent"
              .formatted(set.length, Limits.ANSWER_BODY),
          set.length,
          Limits.ANSWER_BODY);
    }
    return set;
  }

  /** Runs on a thread of the platform, and answers with what its stage completes with. */
  private void later(long number, Supplier<CompletionStage<byte[]>> work) {
    later(number, work, _ -> {});
  }

  /** The same, for an answer that must be undone where it is not sent: it was cancelled before. */
  private void later(long number, Supplier<CompletionStage<byte[]>> work, Consumer<byte[]> undo) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    synchronized (open) {
      if (open.size() >= MOST_AT_ONCE) {
        stream.refuse(
            number,
            new TransientException(
                ErrorCode.QUEUE_FULL, "too many requests at once; wait for answers"));
        return;
      }
      open.put(number, answer);
    }
    answer.whenComplete(
        (bytes, failure) -> {
          synchronized (open) {
            open.remove(number);
          }
          if (!answer.isCancelled()) {
            stream.answerLater(number, bytes, unwrap(failure));
          }
        });
    try {
      agent.context().ioExecutor().execute(() -> run(work, answer, undo));
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(e);
    }
  }

  private static void run(
      Supplier<CompletionStage<byte[]>> work,
      CompletableFuture<byte[]> answer,
      Consumer<byte[]> undo) {
    try {
      work.get()
          .whenComplete(
              (bytes, failure) -> {
                if (failure == null) {
                  if (!answer.complete(bytes)) {
                    undo.accept(bytes);
                  }
                } else {
                  answer.completeExceptionally(failure);
                }
              });
    } catch (RuntimeException e) {
      answer.completeExceptionally(e);
    }
  }

  private static @org.jspecify.annotations.Nullable Throwable unwrap(
      @org.jspecify.annotations.Nullable Throwable failure) {
    Throwable cause = failure;
    while (cause != null
        && cause.getCause() != null
        && (cause instanceof java.util.concurrent.CompletionException
            || cause instanceof java.util.concurrent.ExecutionException)) {
      cause = cause.getCause();
    }
    return cause;
  }

  private void fill(long number, BodyReader body, Session session) throws WireException {
    byte[] key = body.getBytes(64);
    long offset = body.getLong();
    long length = body.getLong();
    int value = body.getByte();
    later(
        number,
        () -> {
          // Entered here and not before: what is refused for lack of a thread must not stay inside.
          Export export = agent.exports().enter(key, offset, length, true, session.peer, stream);
          try {
            export.segment.asSlice(offset, length).fill((byte) value);
          } finally {
            export.leave(stream);
          }
          return CompletableFuture.completedStage(new byte[0]);
        });
  }

  private void allocate(long number, BodyReader body, Session session) throws WireException {
    long byteSize = body.getLong();
    long alignment = body.getLong();
    later(
        number,
        () -> {
          Session.Grant grant = session.allocate(byteSize, alignment);
          return CompletableFuture.completedStage(
              new BodyWriter().putLong(grant.number()).putBytes(grant.key()).toBytes());
        },
        grant -> session.free(numberIn(grant)));
  }

  private void borrow(long number, BodyReader body, Session session) throws WireException {
    long fingerprint = body.getLong();
    long timeoutNanos = body.getLong();
    int count = body.getCount(16);
    List<BlockKey> keys = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      keys.add(new BlockKey(body.getLong(), body.getLong()));
    }
    body.end();
    LoanRequest request;
    try {
      request = new LoanRequest(fingerprint, keys, Duration.ofNanos(timeoutNanos));
    } catch (KvbmException e) {
      stream.refuse(number, e);
      return;
    }
    later(
        number,
        () -> service().lend(session.peer, request).thenApply(loan -> lent(loan, number, session)),
        loan -> session.giveBack(numberIn(loan)));
  }

  /** {@return the number of what an answer grants; -1, which grants nothing, where it is empty} */
  private static long numberIn(byte[] answer) {
    return answer.length < Long.BYTES
        ? -1
        : ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  private byte[] lent(Loan loan, long request, Session session) {
    boolean wanted;
    synchronized (open) {
      wanted = open.containsKey(request); // not once it was cancelled
    }
    if (!wanted) {
      loan.close();
      return new byte[0];
    }
    long number = session.keep(loan);
    stream
        .channel()
        .eventLoop()
        .schedule(
            () -> session.giveBack(number),
            agent.settings().lendTime().toNanos(),
            TimeUnit.NANOSECONDS);
    BodyWriter body = new BodyWriter().putLong(number).putInt(loan.blocks().size());
    for (LentBlock block : loan.blocks()) {
      body.putLong(block.key().hi()).putLong(block.key().lo());
      body.putInt(block.blockSet()).putInt(block.slot()).putLong(block.checksum());
    }
    return body.toBytes();
  }
}
