package io.kvbm.backend.remote.tcp;

import io.netty.channel.socket.nio.NioSocketChannel;
import java.nio.channels.SocketChannel;

/** A channel whose socket a thread other than its event loop's may write to. */
final class OpenSocketChannel extends NioSocketChannel {

  /** {@return the socket, in non-blocking mode} */
  SocketChannel socketChannel() {
    return javaChannel();
  }
}
