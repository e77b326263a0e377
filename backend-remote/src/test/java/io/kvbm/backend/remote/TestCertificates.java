package io.kvbm.backend.remote;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * An authority and the certificates it signed, as {@code NAME.pem} and {@code NAME.key} in a
 * directory. Encoded here because the JVM has no API for it, and its keytool takes a process and
 * seconds for each step.
 */
public final class TestCertificates {

  private static final int SEQUENCE = 0x30;
  private static final int SET = 0x31;
  private static final byte[] ECDSA_WITH_SHA256 = hex("06082a8648ce3d040302");
  private static final byte[] COMMON_NAME = hex("0603550403");
  private static final byte[] ALTERNATIVE_NAMES = hex("0603551d11");
  private static final byte[] IS_AUTHORITY = hex("300f0603551d130101ff040530030101ff");

  private final Path directory;
  private final KeyPair authority;

  /** Makes the authority, {@code authority.pem} and {@code authority.key}. */
  public TestCertificates(Path directory) throws GeneralSecurityException, IOException {
    this.directory = Files.createDirectories(directory);
    this.authority = keys();
    write("authority", authority, IS_AUTHORITY);
  }

  /** Signs a certificate with a common name. */
  public TestCertificates sign(String name) throws GeneralSecurityException, IOException {
    write(name, keys(), new byte[0]);
    return this;
  }

  /** Signs a certificate for {@code localhost} and 127.0.0.1. */
  public TestCertificates signLoopback(String name) throws GeneralSecurityException, IOException {
    byte[] names =
        tagged(
            SEQUENCE,
            tagged(0x82, "localhost".getBytes(StandardCharsets.US_ASCII)),
            tagged(0x87, new byte[] {127, 0, 0, 1}));
    write(name, keys(), tagged(SEQUENCE, ALTERNATIVE_NAMES, tagged(0x04, names)));
    return this;
  }

  /** Signs a certificate whose time was over yesterday. */
  public TestCertificates signExpired(String name) throws GeneralSecurityException, IOException {
    write(name, keys(), new byte[0], Duration.ofDays(-1));
    return this;
  }

  private static KeyPair keys() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private void write(String name, KeyPair keys, byte[] extension)
      throws GeneralSecurityException, IOException {
    write(name, keys, extension, Duration.ofDays(2));
  }

  private void write(String name, KeyPair keys, byte[] extension, Duration until)
      throws GeneralSecurityException, IOException {
    byte[] algorithm = tagged(SEQUENCE, ECDSA_WITH_SHA256);
    byte[] extensions = extension.length == 0 ? extension : tagged(0xA3, tagged(0x30, extension));
    byte[] signed =
        tagged(
            SEQUENCE,
            hex("a003020102"), // version 3
            tagged(0x02, serial()),
            algorithm,
            named("authority"),
            tagged(SEQUENCE, time(Duration.ofDays(-3)), time(until)),
            named(name),
            keys.getPublic().getEncoded(),
            extensions);
    byte[] signature = tagged(0x03, new byte[1], signature(authority.getPrivate(), signed));
    pem(name + ".pem", "CERTIFICATE", tagged(SEQUENCE, signed, algorithm, signature));
    pem(name + ".key", "PRIVATE KEY", keys.getPrivate().getEncoded());
  }

  private static byte[] serial() {
    byte[] serial = new byte[8];
    ThreadLocalRandom.current().nextBytes(serial);
    serial[0] = (byte) (serial[0] & 0x3F | 0x40); // positive, and no shorter than it looks
    return serial;
  }

  private static byte[] signature(PrivateKey key, byte[] bytes) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(key);
    signature.update(bytes);
    return signature.sign();
  }

  private static byte[] named(String name) {
    byte[] text = tagged(0x0C, name.getBytes(StandardCharsets.UTF_8));
    return tagged(SEQUENCE, tagged(SET, tagged(SEQUENCE, COMMON_NAME, text)));
  }

  private static byte[] time(Duration fromNow) {
    String text =
        DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'")
            .withZone(ZoneOffset.UTC)
            .format(Instant.now().plus(fromNow));
    return tagged(0x17, text.getBytes(StandardCharsets.US_ASCII));
  }

  /** {@return a value of DER: its tag, its length, its parts} */
  private static byte[] tagged(int tag, byte[]... parts) {
    int length = List.of(parts).stream().mapToInt(part -> part.length).sum();
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    value.write(tag);
    if (length >= 0x100) {
      value.write(0x82);
      value.write(length >> 8);
    } else if (length >= 0x80) {
      value.write(0x81);
    }
    value.write(length);
    for (byte[] part : parts) {
      value.writeBytes(part);
    }
    return value.toByteArray();
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits);
  }

  private void pem(String file, String what, byte[] bytes) throws IOException {
    Files.writeString(
        directory.resolve(file),
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(what, Base64.getMimeEncoder().encodeToString(bytes), what));
  }
}
