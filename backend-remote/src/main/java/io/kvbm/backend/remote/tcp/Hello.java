package io.kvbm.backend.remote.tcp;

import io.kvbm.backend.remote.auth.Handshake;
import io.kvbm.backend.remote.wire.BodyReader;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.WireException;

/**
 * The first words of a client. All of it is part of what both sides sign.
 *
 * @param name the client's name
 * @param generation its generation
 * @param wanted the agent it wants
 * @param wantedGeneration that agent's generation, 0 for any
 * @param session the session to join, 0 for a new one
 */
record Hello(String name, long generation, String wanted, long wantedGeneration, long session) {

  private static final long MAGIC = 0x3154_4d52_4d42_564bL; // "KVBMRMT1"
  private static final int NAME = 128;

  byte[] toBytes() {
    return new BodyWriter()
        .putLong(MAGIC)
        .putBytes(Handshake.nonce())
        .putText(name)
        .putLong(generation)
        .putText(wanted)
        .putLong(wantedGeneration)
        .putLong(session)
        .toBytes();
  }

  /** {@return whether an agent of a generation is the one wanted} */
  boolean admits(long actual) {
    return wantedGeneration == 0 || wantedGeneration == actual;
  }

  static Hello read(BodyReader body) throws WireException {
    if (body.getLong() != MAGIC || body.getBytes(64).length != Handshake.NONCE_BYTES) {
      throw new WireException("the other side speaks another protocol or version", false);
    }
    Hello hello =
        new Hello(
            body.getText(NAME), body.getLong(), body.getText(NAME), body.getLong(), body.getLong());
    body.end();
    if (!hello.name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")) {
      throw new WireException("the other side's name is none", false);
    }
    return hello;
  }
}
