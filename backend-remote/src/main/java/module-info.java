/** Memory and blocks of other processes: agents, transports, directories, the object store. */
module io.kvbm.backend.remote {
  requires transitive io.kvbm.api;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires jetcd.common;
  requires jetcd.core;
  requires software.amazon.awssdk.auth;
  requires software.amazon.awssdk.awscore;
  requires software.amazon.awssdk.core;
  requires software.amazon.awssdk.regions;
  requires software.amazon.awssdk.services.s3;
  requires software.amazon.awssdk.http;
  requires software.amazon.awssdk.http.urlconnection;
  requires java.naming;
  requires static org.jspecify;

  exports io.kvbm.backend.remote;
  exports io.kvbm.backend.remote.s3;

  provides io.kvbm.api.spi.BackendProvider with
      io.kvbm.backend.remote.provider.RemoteBackendProvider,
      io.kvbm.backend.remote.s3.S3BackendProvider;
}
