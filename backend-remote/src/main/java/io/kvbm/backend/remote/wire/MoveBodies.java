package io.kvbm.backend.remote.wire;

import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.ShardMove;
import io.kvbm.api.remote.ShardOutcome;
import io.kvbm.api.transfer.BlockOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Moves and their outcomes as bodies. Each different failure is sent once, 256 at most. */
public final class MoveBodies {

  private static final int FAILURES = 256;

  private MoveBodies() {}

  /**
   * {@return the body that asks for a move}
   *
   * @param move which
   */
  public static byte[] move(ShardMove move) {
    BodyWriter body = new BodyWriter();
    body.putInt(move.source()).putInt(move.target()).putLong(move.timeout().toNanos());
    body.putInt(move.sourceSlots().length);
    for (int i = 0; i < move.sourceSlots().length; i++) {
      body.putInt(move.sourceSlots()[i]).putInt(move.targetSlots()[i]);
    }
    return body.toBytes();
  }

  /**
   * {@return the move a body asks for}
   *
   * @param body the body
   * @throws WireException if it is none
   */
  public static ShardMove readMove(BodyReader body) throws WireException {
    int source = body.getInt();
    int target = body.getInt();
    long timeoutNanos = body.getLong();
    int count = body.getCount(8);
    int[] from = new int[count];
    int[] to = new int[count];
    for (int i = 0; i < count; i++) {
      from[i] = body.getInt();
      to[i] = body.getInt();
    }
    body.end();
    try {
      return new ShardMove(source, from, target, to, Duration.ofNanos(timeoutNanos));
    } catch (KvbmException e) {
      throw new WireException(e.getMessage(), false);
    }
  }

  /**
   * {@return the body of an outcome}
   *
   * @param outcome of each block
   */
  public static byte[] outcome(ShardOutcome outcome) {
    Map<String, Integer> known = new LinkedHashMap<>();
    BodyWriter failures = new BodyWriter();
    BodyWriter blocks = new BodyWriter().putInt(outcome.blocks().size());
    for (BlockOutcome block : outcome.blocks()) {
      switch (block) {
        case BlockOutcome.Done done -> blocks.putByte(0).putLong(done.byteSize());
        case BlockOutcome.Cancelled _ -> blocks.putByte(1).putLong(0);
        case BlockOutcome.Failed failed -> {
          String text = failed.cause().code() + " " + failed.cause().getMessage();
          Integer index = known.get(text);
          if (index == null && known.size() < FAILURES) {
            index = known.size();
            known.put(text, index);
            Refusals.write(failures, failed.cause());
          }
          blocks.putByte(2).putLong(index == null ? 0 : index);
        }
      }
    }
    return new BodyWriter()
        .putInt(known.size())
        .putBytes(failures.toBytes())
        .putBytes(blocks.toBytes())
        .toBytes();
  }

  /**
   * {@return the outcome in a body}
   *
   * @param peer whose answer it is
   * @param body the body
   * @throws WireException if it is none
   */
  public static ShardOutcome readOutcome(String peer, BodyReader body) throws WireException {
    int count = body.getCount(1);
    BodyReader failures = new BodyReader(body.getBytes(Limits.ANSWER_BODY));
    List<KvbmException> known = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      known.add(Refusals.read(peer, failures));
    }
    BodyReader blocks = new BodyReader(body.getBytes(Limits.ANSWER_BODY));
    int size = blocks.getCount(9);
    List<BlockOutcome> outcomes = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      int kind = blocks.getByte();
      long value = blocks.getLong();
      if (kind == 0) {
        outcomes.add(new BlockOutcome.Done(value));
      } else if (kind == 1) {
        outcomes.add(new BlockOutcome.Cancelled());
      } else if (kind == 2 && value >= 0 && value < known.size()) {
        outcomes.add(new BlockOutcome.Failed(known.get((int) value)));
      } else {
        throw new WireException("an outcome is of no known kind", false);
      }
    }
    return new ShardOutcome(outcomes);
  }
}
