/** Memory and blocks of other processes: agents, transports, directories, the object store. */
module io.kvbm.backend.remote {
  requires transitive io.kvbm.api;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires jucx;
  requires jetcd.core;
  requires software.amazon.awssdk.services.s3;
  requires software.amazon.awssdk.http.urlconnection;
  requires static org.jspecify;
}
