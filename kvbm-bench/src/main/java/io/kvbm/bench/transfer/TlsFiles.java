package io.kvbm.bench.transfer;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/**
 * A certificate that both sides have and trust, made for one run.
 *
 * @param certificate in PEM, signed by itself
 * @param key its private key, in PEM
 */
record TlsFiles(Path certificate, Path key) {

  private static final String PASSWORD = "changeit"; // of a file that is removed at once
  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  /**
   * Makes both.
   *
   * @param folder where
   */
  static TlsFiles make(Path folder) {
    Path store = folder.resolve("bench.p12");
    try {
      keytool(store);
      KeyStore keys = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(store)) {
        keys.load(in, PASSWORD.toCharArray());
      }
      TlsFiles files = new TlsFiles(folder.resolve("bench.crt"), folder.resolve("bench.key"));
      Files.writeString(
          files.certificate, pem("CERTIFICATE", keys.getCertificate("bench").getEncoded()));
      Files.writeString(
          files.key, pem("PRIVATE KEY", keys.getKey("bench", PASSWORD.toCharArray()).getEncoded()));
      Files.delete(store);
      return files;
    } catch (IOException | GeneralSecurityException e) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED, "cannot make a certificate in " + folder + ": " + e, e);
    }
  }

  private static void keytool(Path store) throws IOException {
    String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    Process process =
        new ProcessBuilder(
                tool,
                "-genkeypair",
                "-alias",
                "bench",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-dname",
                "CN=bench",
                "-ext",
                "san=dns:bench-server,dns:bench-client",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException("keytool: " + said.strip());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static String pem(String what, byte[] encoded) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(what, LINES.encodeToString(encoded), what);
  }
}
