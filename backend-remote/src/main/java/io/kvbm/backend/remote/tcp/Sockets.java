package io.kvbm.backend.remote.tcp;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.backend.remote.AgentSettings;
import io.kvbm.backend.remote.auth.Certificates;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** The event loops of one backend, and what connections share. Threading: safe from any thread. */
public final class Sockets implements AutoCloseable {

  private static final int MOST_LOOPS = 4;

  private final AgentSettings settings;
  private final @Nullable SslContext serverTls;
  private final @Nullable SslContext clientTls;
  private @Nullable EventLoopGroup loops;
  private boolean closed;

  /**
   * Reads the certificates; starts nothing.
   *
   * @param settings of the backend
   * @throws ConfigurationException if they cannot be used
   */
  public Sockets(AgentSettings settings) {
    this.settings = settings;
    if (settings.tls().isEmpty()) {
      serverTls = null;
      clientTls = null;
      return;
    }
    AgentSettings.Tls tls = settings.tls().get();
    File certificate = tls.certificate().toFile();
    File key = tls.key().toFile();
    try {
      serverTls =
          SslContextBuilder.forServer(certificate, key)
              .sslProvider(SslProvider.JDK)
              .trustManager(tls.authority().toFile())
              .clientAuth(ClientAuth.REQUIRE)
              .protocols("TLSv1.3")
              .build();
      clientTls =
          SslContextBuilder.forClient()
              .sslProvider(SslProvider.JDK)
              .keyManager(certificate, key)
              .trustManager(tls.authority().toFile())
              .protocols("TLSv1.3")
              .endpointIdentificationAlgorithm(null) // agents have names, which are compared
              .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "the TLS files of %s cannot be used; expected PEM and PKCS #8"
              .formatted(tls.certificate()),
          e);
    }
  }

  private synchronized EventLoopGroup loops() {
    EventLoopGroup current = loops;
    if (current == null) {
      if (closed) {
        throw new io.kvbm.api.ClosedException(ErrorCode.CLOSED, "the remote backend is closed");
      }
      int count = Math.clamp(Runtime.getRuntime().availableProcessors(), 2, MOST_LOOPS);
      current =
          new MultiThreadIoEventLoopGroup(
              count, new DefaultThreadFactory("kvbm-remote", true), NioIoHandler.newFactory());
      loops = current;
    }
    return current;
  }

  Channel listen(AgentSettings settings, Supplier<@Nullable Connection> acceptor) {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops())
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, 1024)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    Connection connection = acceptor.get();
                    if (connection == null) {
                      var _ = channel.close();
                    } else {
                      prepare(channel, connection, serverTls);
                    }
                  }
                })
            .bind(settings.bind(), settings.port());
    bound.awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "cannot listen at %s:%d: %s"
              .formatted(
                  settings.bind(), settings.port(), String.valueOf(bound.cause().getMessage())),
          bound.cause());
    }
    return bound.channel();
  }

  String address(AgentSettings settings, Channel listener) {
    InetSocketAddress bound = (InetSocketAddress) listener.localAddress();
    String host = settings.advertise();
    if (host.isEmpty()) {
      host = bound.getAddress().isAnyLocalAddress() ? thisHost() : settings.bind();
    }
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + bound.getPort();
  }

  private static String thisHost() {
    try {
      return InetAddress.getLocalHost().getHostAddress();
    } catch (UnknownHostException _) {
      return "127.0.0.1";
    }
  }

  ChannelFuture connect(InetSocketAddress address, Connection connection, long timeoutMillis) {
    return new Bootstrap()
        .group(loops())
        .channelFactory(OpenSocketChannel::new)
        .option(
            ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.clamp(timeoutMillis, 1, Integer.MAX_VALUE))
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                prepare(channel, connection, clientTls);
              }
            })
        .connect(address);
  }

  /** The kernel sizes socket buffers better than a fixed size would: it goes beyond the default. */
  private void prepare(Channel channel, Connection connection, @Nullable SslContext tls) {
    channel.config().setOption(ChannelOption.TCP_NODELAY, true);
    channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
    channel
        .config()
        .setOption(
            ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(1 << 20, 4 << 20));
    channel.config().setRecvByteBufAllocator(new LandingAllocator(connection));
    if (tls == null) {
      connection.setDirect(true);
    } else {
      SslHandler handler = tls.newHandler(channel.alloc());
      handler.setHandshakeTimeoutMillis(settings.connectTimeout().toMillis());
      handler.setCloseNotifyFlushTimeoutMillis(200);
      channel.pipeline().addLast(handler);
    }
    channel.pipeline().addLast(connection);
  }

  /** {@return whether the other side has the certificate of an agent; true without TLS} */
  boolean isPeer(Channel channel, String name) {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls == null) {
      return settings.tls().isEmpty();
    }
    try {
      return tls.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate own
          && Certificates.isOf(own, name);
    } catch (SSLPeerUnverifiedException _) {
      return false;
    }
  }

  /** Ends the event loops. */
  @Override
  public void close() {
    EventLoopGroup current;
    synchronized (this) {
      closed = true;
      current = loops;
      loops = null;
    }
    if (current != null) {
      current.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
  }
}
