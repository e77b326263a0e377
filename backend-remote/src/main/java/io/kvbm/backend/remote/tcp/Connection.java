package io.kvbm.backend.remote.tcp;

import io.kvbm.backend.remote.wire.FrameHeader;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.backend.remote.wire.Limits;
import io.kvbm.backend.remote.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One end of a TCP connection: takes frames apart and lets payload land where it belongs, straight
 * from the socket where nothing is in between. Everything runs on the channel's event loop.
 */
abstract class Connection extends ChannelInboundHandlerAdapter {

  private static final int FIRST_BODY = 4096;
  private static final int FLUSH_BYTES = 256 << 10;

  /** The most bytes of one read: they are still in the nearest caches when they are summed up. */
  private static final int MOST_LANDING = 64 << 10;

  private static final int LEAST_LANDING = 2048;

  private final byte[] head = new byte[FrameHeader.BYTE_SIZE];
  private int headFill;
  private @Nullable FrameHeader header;
  private byte[] body = new byte[0];
  private int bodyFill;
  private boolean announced;
  private @Nullable MemorySegment landing;
  private int payloadFill;
  private final CRC32C crc = new CRC32C();
  private @Nullable ByteBuf lent;
  private @Nullable ByteBuf backlog;
  private boolean paused;
  private int unflushed;
  private long begunAt;
  private final AtomicInteger untaken = new AtomicInteger();
  private @Nullable ByteBuf owed;
  private long takenAt;
  private final ChannelFutureListener taken = _ -> taken();
  private Limits limits = Limits.UNKNOWN_PEER;
  private volatile long lastHeard = System.nanoTime();
  private volatile @Nullable Channel channel;
  private boolean direct;

  /** A frame's header and body are there; {@return where its payload goes, null to drop it}. */
  abstract @Nullable MemorySegment startPayload(FrameHeader frame, byte[] bytes)
      throws WireException;

  /** A whole frame is there. */
  abstract void frame(FrameHeader frame, byte[] bytes, boolean intact) throws WireException;

  /** The connection is broken by what the other side said; it is closed after this. */
  abstract void broken(Throwable cause);

  /** The connection is closed and nothing of it touches any memory any more. */
  abstract void ended();

  final void setLimits(Limits next) {
    limits = next;
  }

  final long lastHeard() {
    return lastHeard;
  }

  /**
   * {@return whether a frame has begun that long ago and is not whole, or the other side has taken
   * no whole frame for so long}
   */
  final boolean isStalled(long limitNanos) {
    long now = System.nanoTime();
    boolean begun = header != null || headFill > 0;
    return begun && now - begunAt > limitNanos || untaken.get() > 0 && now - takenAt > limitNanos;
  }

  /** {@return how many frames wait for the other side to take them} */
  final int untaken() {
    return untaken.get();
  }

  private void taken() {
    untaken.decrementAndGet();
    takenAt = System.nanoTime();
  }

  private ChannelFuture counted(ChannelFuture written) {
    if (untaken.getAndIncrement() == 0) {
      takenAt = System.nanoTime();
    }
    return written.addListener(taken);
  }

  final Channel channel() {
    Channel current = channel;
    if (current == null) {
      throw new IllegalStateException("the connection has no channel yet");
    }
    return current;
  }

  /**
   * Runs a step on the event loop, or else what is to be done where the loop has ended: it takes
   * nothing more, and the connection is no more. From any thread.
   */
  void onLoop(Runnable step, Runnable ended) {
    try {
      channel().eventLoop().execute(step);
    } catch (RejectedExecutionException _) {
      ended.run();
    }
  }

  final boolean hasChannel() {
    return channel != null;
  }

  final void setDirect(boolean straight) {
    direct = straight;
  }

  /** {@return whether nothing is between the frames and the socket} */
  final boolean isDirect() {
    return direct;
  }

  /** What another thread began to write to the socket: it is sent before anything else. */
  final void owe(ByteBuf rest) {
    owed = rest;
  }

  final boolean owes() {
    return owed != null;
  }

  final void payOwed() {
    ByteBuf rest = owed;
    if (rest != null) {
      owed = null;
      var _ = counted(channel().write(rest));
    }
  }

  /** What is still to land is dropped from now on. */
  final void dropPayload() {
    landing = null;
  }

  final boolean isLanding() {
    return announced;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    channel = context.channel();
  }

  /** {@return what the next read of the socket fills: the landing place where there is one} */
  final @Nullable ByteBuf landingBuffer() {
    FrameHeader current = header;
    MemorySegment place = landing;
    if (!direct || current == null || place == null || !announced || backlog != null) {
      return null;
    }
    int left = current.payload() - payloadFill;
    if (left < LEAST_LANDING || !place.isNative()) {
      return null;
    }
    int length = Math.min(left, MOST_LANDING);
    lent = Unpooled.wrappedBuffer(place.asSlice(payloadFill, length).asByteBuffer()).clear();
    return lent;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    lastHeard = System.nanoTime();
    try {
      if (bytes == lent) {
        lent = null;
        landed(bytes.readableBytes());
        bytes.release();
        return;
      }
      ByteBuf all = bytes;
      if (backlog != null) {
        all = Unpooled.wrappedBuffer(backlog, bytes);
        backlog = null;
      }
      take(all);
    } catch (WireException | RuntimeException e) {
      broken(e);
      context.close();
    }
  }

  private void take(ByteBuf bytes) throws WireException {
    boolean kept = false;
    try {
      while (bytes.isReadable() && !paused && channel().isOpen()) {
        step(bytes);
      }
      if (bytes.isReadable() && channel().isOpen()) {
        backlog = bytes;
        kept = true;
      }
    } finally {
      if (!kept) {
        bytes.release();
      }
    }
  }

  private void step(ByteBuf bytes) throws WireException {
    FrameHeader current = header;
    if (current == null) {
      int count = Math.min(bytes.readableBytes(), head.length - headFill);
      if (headFill == 0) {
        begunAt = System.nanoTime();
      }
      bytes.readBytes(head, headFill, count);
      headFill += count;
      if (headFill == head.length) {
        headFill = 0;
        current = FrameHeader.read(ByteBuffer.wrap(head), limits);
        header = current;
        body = new byte[Math.min(current.body(), FIRST_BODY)];
        bodyFill = 0;
        payloadFill = 0;
        advance(current);
      }
    } else if (bodyFill < current.body()) {
      if (bodyFill == body.length) { // grows as bytes come, not as they are promised
        body = Arrays.copyOf(body, Math.min(current.body(), 2 * body.length));
      }
      int count = Math.min(bytes.readableBytes(), body.length - bodyFill);
      bytes.readBytes(body, bodyFill, count);
      bodyFill += count;
      advance(current);
    } else {
      int count = Math.min(bytes.readableBytes(), current.payload() - payloadFill);
      MemorySegment place = landing;
      if (place == null) {
        bytes.skipBytes(count);
      } else {
        MemorySegment target = place.asSlice(payloadFill, count);
        if (bytes.nioBufferCount() == 1) {
          ByteBuffer from = bytes.internalNioBuffer(bytes.readerIndex(), count).slice();
          target.copyFrom(MemorySegment.ofBuffer(from));
        } else {
          bytes.getBytes(bytes.readerIndex(), target.asByteBuffer());
        }
        bytes.skipBytes(count);
      }
      landed(count);
    }
  }

  private void advance(FrameHeader current) throws WireException {
    if (bodyFill < current.body()) {
      return;
    }
    CRC32C check = new CRC32C();
    check.update(body, 0, bodyFill);
    if ((int) check.getValue() != current.bodyCrc()) {
      throw new WireException("the body of a frame is damaged", true);
    }
    if (current.type().hasPayload() && current.status() == FrameHeader.OK) {
      announced = true;
      crc.reset();
      landing = startPayload(current, body);
    }
    finishIfWhole(current);
  }

  private void landed(int count) throws WireException {
    FrameHeader current = header;
    if (current == null || count == 0) {
      return;
    }
    MemorySegment place = landing;
    if (place != null && current.checked()) {
      crc.update(place.asSlice(payloadFill, count).asByteBuffer());
    }
    payloadFill += count;
    finishIfWhole(current);
  }

  private void finishIfWhole(FrameHeader current) throws WireException {
    if (payloadFill < current.payload()) {
      return;
    }
    boolean intact =
        landing == null || !current.checked() || (int) crc.getValue() == current.payloadCrc();
    byte[] whole = body;
    header = null;
    landing = null;
    announced = false;
    body = new byte[0];
    frame(current, whole, intact);
  }

  /** Stops taking requests until {@link #resume}: the other side does not take its answers. */
  final void pause() {
    paused = true;
    channel().config().setAutoRead(false);
  }

  final void resume() {
    if (!paused) {
      return;
    }
    paused = false;
    ByteBuf rest = backlog;
    backlog = null;
    try {
      if (rest != null) {
        take(rest);
      }
    } catch (WireException | RuntimeException e) {
      broken(e);
      channel().close();
      return;
    }
    if (!paused) {
      channel().config().setAutoRead(true);
    }
    flush();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    flush();
  }

  final void flush() {
    unflushed = 0;
    channel().flush();
  }

  /** Sends a frame without payload; flushed by the caller. */
  final ChannelFuture send(FrameType type, int status, long number, byte[] bytes) {
    payOwed();
    return counted(channel().write(head(type, status, number, bytes, 0, false, 0)));
  }

  /** Sends a frame with payload, which must stay until the future is done. */
  final ChannelFuture send(
      FrameType type, long number, byte[] bytes, MemorySegment payload, boolean checked) {
    int length = Math.toIntExact(payload.byteSize());
    ByteBuffer view = payload.asByteBuffer();
    int sum = 0;
    if (checked) {
      CRC32C check = new CRC32C();
      check.update(view.duplicate());
      sum = (int) check.getValue();
    }
    payOwed();
    channel().write(head(type, FrameHeader.OK, number, bytes, length, checked, sum));
    ChannelFuture written = counted(channel().write(Unpooled.wrappedBuffer(view)));
    unflushed += length;
    if (unflushed >= FLUSH_BYTES) {
      flush();
    }
    return written;
  }

  private ByteBuf head(
      FrameType type,
      int status,
      long number,
      byte[] bytes,
      int payload,
      boolean checked,
      int payloadCrc) {
    CRC32C check = new CRC32C();
    check.update(bytes);
    ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(FrameHeader.BYTE_SIZE + bytes.length);
    new FrameHeader(
            type,
            status,
            checked,
            bytes.length,
            payload,
            payloadCrc,
            number,
            (int) check.getValue())
        .write(buffer.internalNioBuffer(0, FrameHeader.BYTE_SIZE));
    buffer.writerIndex(FrameHeader.BYTE_SIZE);
    return buffer.writeBytes(bytes);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    landing = null;
    ByteBuf rest = backlog;
    backlog = null;
    if (rest != null) {
      rest.release();
    }
    ByteBuf unsent = owed;
    owed = null;
    if (unsent != null) {
      unsent.release();
    }
    ended();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    broken(cause);
    context.close();
  }
}
