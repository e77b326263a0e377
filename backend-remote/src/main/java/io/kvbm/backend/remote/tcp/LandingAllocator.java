package io.kvbm.backend.remote.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;

/** Lets the socket write payload to where it belongs, and everything else to a buffer. */
final class LandingAllocator extends DefaultMaxMessagesRecvByteBufAllocator {

  private static final int BUFFER = 64 << 10;

  private final Connection connection;

  LandingAllocator(Connection connection) {
    this.connection = connection;
  }

  @Override
  @SuppressWarnings("deprecation") // the interface still names it
  public Handle newHandle() {
    return new MaxMessageHandle() {
      @Override
      public ByteBuf allocate(ByteBufAllocator allocator) {
        ByteBuf landing = connection.landingBuffer();
        return landing == null ? allocator.ioBuffer(BUFFER) : landing;
      }

      @Override
      public int guess() {
        return BUFFER;
      }
    };
  }
}
