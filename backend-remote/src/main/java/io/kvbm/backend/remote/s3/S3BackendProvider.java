package io.kvbm.backend.remote.s3;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import java.util.List;
import java.util.Set;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;

/** The {@code s3} backend: objects in a bucket of AWS or of any service that speaks S3. */
public final class S3BackendProvider implements BackendProvider {

  static final String NAME = "s3";

  /** Creates the provider; called by {@link java.util.ServiceLoader}. */
  public S3BackendProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public SpiVersion builtFor() {
    return new SpiVersion(Spi.MAJOR, Spi.MINOR);
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of(NAME);
  }

  @Override
  public List<ConfigKey> configKeys() {
    return S3Settings.KEYS;
  }

  @Override
  public Availability probe(BackendConfig config) {
    try {
      return new Availability.Available("S3 at " + S3Settings.of(config).place());
    } catch (KvbmException e) {
      return new Availability.Unavailable(e.getMessage());
    }
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    S3Settings settings = S3Settings.of(config);
    return new S3Backend(context, settings, client(settings));
  }

  static S3Client client(S3Settings settings) {
    S3ClientBuilder builder =
        S3Client.builder()
            .region(Region.of(settings.textOr("region", "us-east-1")))
            .credentialsProvider(settings.credentials())
            .forcePathStyle(settings.pathStyle())
            // Checksums are computed once, with those of the footer, and set by hand.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .serviceConfiguration(S3Configuration.builder().chunkedEncodingEnabled(false).build())
            // Retries are counted and paced by S3Calls.
            .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
            .httpClientBuilder(
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(settings.duration("connectTimeout"))
                    .socketTimeout(settings.duration("requestTimeout")));
    settings.endpoint().ifPresent(builder::endpointOverride);
    return builder.build();
  }
}
