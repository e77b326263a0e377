package io.kvbm.backend.remote.s3;

import io.kvbm.api.spi.BackendConfig;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStoreContext;

/**
 * A real S3Proxy on a free port, over memory or a directory, that asks for credentials.
 *
 * <p>S3Proxy looks whether an object is there and then puts it, in two steps: of 100 races of eight
 * puts with {@code If-None-Match}, sent by the SDK alone, 7 had several winners. S3 has one. {@link
 * #config()} therefore leads through a gate that lets one conditional put of a key in at a time.
 */
final class S3Server implements AutoCloseable {

  static final String ACCESS_KEY = "kvbm-access";
  static final String SECRET_KEY = "kvbm-secret-0815";

  private final BlobStoreContext blobs;
  private final S3Proxy proxy;
  private final int port;
  private final FaultyProxy gate;

  private S3Server(BlobStoreContext blobs, int at) throws Exception {
    this.blobs = blobs;
    proxy = start(at);
    port = proxy.getPort();
    gate = new FaultyProxy(port, _ -> FaultyProxy.Fate.PASS);
  }

  static S3Server inMemory() {
    return of("transient", new Properties(), 0);
  }

  static S3Server in(Path directory) {
    return in(directory, 0);
  }

  static S3Server in(Path directory, int at) {
    Properties properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", directory.toString());
    return of("filesystem", properties, at);
  }

  private static S3Server of(String store, Properties properties, int at) {
    try {
      return new S3Server(
          ContextBuilder.newBuilder(store)
              .credentials(ACCESS_KEY, SECRET_KEY)
              .overrides(properties)
              .build(BlobStoreContext.class),
          at);
    } catch (Exception e) {
      throw new AssertionError("S3Proxy does not start", e);
    }
  }

  private S3Proxy start(int at) throws Exception {
    S3Proxy started =
        S3Proxy.builder()
            .blobStore(blobs.getBlobStore())
            .endpoint(URI.create("http://127.0.0.1:" + at))
            .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
            .ignoreUnknownHeaders(true)
            .build();
    started.start();
    return started;
  }

  /** {@return where it is without the gate} */
  int port() {
    return port;
  }

  /** {@return what it keeps, to look behind the store's back} */
  org.jclouds.blobstore.BlobStore blobs() {
    return blobs.getBlobStore();
  }

  /** {@return how to reach it, as a service that keeps conditions} */
  BackendConfig config() {
    return config(gate.port());
  }

  static BackendConfig config(int port) {
    return BackendConfig.of(
        Map.of(
            "endpoint",
            "http://127.0.0.1:" + port,
            "accessKey",
            ACCESS_KEY,
            "secretKey",
            SECRET_KEY,
            "createBucket",
            "true",
            "gcInterval",
            "0s"));
  }

  @Override
  public void close() {
    try {
      gate.close();
      proxy.stop();
    } catch (Exception e) {
      throw new AssertionError("S3Proxy does not stop", e);
    } finally {
      blobs.close();
    }
  }
}
