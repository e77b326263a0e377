package io.kvbm.backend.remote.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Proofs that a side knows the shared token: HMAC-SHA256 over everything both sides said, with a
 * fresh nonce of each, so that a proof is good for one connection only.
 */
public final class Handshake {

  /** Length of a nonce in bytes. */
  public static final int NONCE_BYTES = 32;

  private static final SecureRandom RANDOM = new SecureRandom();

  private Handshake() {}

  /** {@return a fresh nonce} */
  public static byte[] nonce() {
    return random(NONCE_BYTES);
  }

  /**
   * {@return bytes nobody can guess}
   *
   * @param length how many
   */
  public static byte[] random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /**
   * {@return the proof of one side}
   *
   * @param token the shared secret; empty where none is asked for
   * @param role {@code client} or {@code server}: one side's proof is not the other's
   * @param hello the client's first body
   * @param challenge the server's first body
   */
  public static byte[] prove(byte[] token, String role, byte[] hello, byte[] challenge) {
    if (token.length == 0) {
      return new byte[0];
    }
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(token, "HmacSHA256"));
      mac.update(("kvbm-remote-1 " + role).getBytes(StandardCharsets.US_ASCII));
      mac.update((byte) 0);
      mac.update(digest(hello));
      mac.update(digest(challenge));
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no HMAC-SHA256", e);
    }
  }

  /**
   * {@return whether a proof is the expected one, in constant time}
   *
   * @param expected what it must be
   * @param given what came
   */
  public static boolean matches(byte[] expected, byte[] given) {
    return MessageDigest.isEqual(expected, given);
  }

  private static byte[] digest(byte[] bytes) throws GeneralSecurityException {
    return MessageDigest.getInstance("SHA-256").digest(bytes);
  }
}
