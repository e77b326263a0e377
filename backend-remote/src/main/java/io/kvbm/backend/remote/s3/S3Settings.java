package io.kvbm.backend.remote.s3;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.ConfigKey;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** The settings of the {@code s3} backend, read. Shows no secret. */
final class S3Settings {

  static final String OWNER = "s3";

  /** Parts of S3 have at least 5 MiB, and an upload at most 10,000 of them. */
  private static final long LEAST_PART = 5L << 20;

  static final List<ConfigKey> KEYS =
      List.of(
          key("endpoint", ConfigKey.Type.STRING, "", "URL of the service; empty for AWS"),
          key("region", ConfigKey.Type.STRING, "us-east-1", "Region requests are signed for"),
          key("bucket", ConfigKey.Type.STRING, "", "Bucket of locations that name none"),
          key(
              "prefix",
              ConfigKey.Type.STRING,
              "",
              "Goes before the keys of all locations in that bucket"),
          key(
              "pathStyle",
              ConfigKey.Type.BOOLEAN,
              "",
              "Bucket in the path; default: with an endpoint"),
          key(
              "accessKey",
              ConfigKey.Type.STRING,
              "",
              "Access key; without one the SDK's default chain"),
          key("accessKeyFile", ConfigKey.Type.PATH, "", "File with the access key"),
          key("secretKey", ConfigKey.Type.STRING, "", "Secret key").asSecret(),
          key("secretKeyFile", ConfigKey.Type.PATH, "", "File with the secret key"),
          key("sessionToken", ConfigKey.Type.STRING, "", "Session token").asSecret(),
          key("sessionTokenFile", ConfigKey.Type.PATH, "", "File with the session token"),
          key(
                  "checksum",
                  ConfigKey.Type.STRING,
                  "crc32c",
                  "What goes with uploads for the service to check")
              .withChoices("crc32c", "when-required", "none"),
          key("partSize", ConfigKey.Type.BYTE_SIZE, "8MiB", "Bytes of one part of a long upload")
              .withRange(LEAST_PART, 1L << 30),
          key(
                  "multipartThreshold",
                  ConfigKey.Type.BYTE_SIZE,
                  "16MiB",
                  "Longer values go up in parts")
              .withRange(LEAST_PART, 5L << 30),
          key("concurrency", ConfigKey.Type.INTEGER, "16", "Requests at once").withRange(1, 1024),
          key("connectTimeout", ConfigKey.Type.DURATION, "2s", "Until a connection stands"),
          key(
              "requestTimeout",
              ConfigKey.Type.DURATION,
              "30s",
              "Of one request, its body included"),
          key("callTimeout", ConfigKey.Type.DURATION, "60s", "Of one call with its retries"),
          key("attempts", ConfigKey.Type.INTEGER, "4", "Requests of one call at most")
              .withRange(1, 100),
          key(
                  "retryBudget",
                  ConfigKey.Type.INTEGER,
                  "100",
                  "Retries of all calls while nothing succeeds")
              .withRange(0, 1_000_000),
          key(
                  "conditionalPuts",
                  ConfigKey.Type.STRING,
                  "probe",
                  "Whether the service knows If-Match")
              .withChoices("probe", "true", "false"),
          key(
              "createBucket",
              ConfigKey.Type.BOOLEAN,
              "false",
              "Create a bucket that does not exist"),
          key("ttl", ConfigKey.Type.DURATION, "", "Collects objects older than this"),
          key(
                  "quota",
                  ConfigKey.Type.BYTE_SIZE,
                  "",
                  "Collects the oldest objects beyond these bytes")
              .withRange(0, Long.MAX_VALUE),
          key(
              "orphanAge",
              ConfigKey.Type.DURATION,
              "24h",
              "When unfinished uploads count as abandoned"),
          key(
              "gcInterval",
              ConfigKey.Type.DURATION,
              "10m",
              "Between collections; 0s leaves them to calls"));

  private static ConfigKey key(String name, ConfigKey.Type type, String defaultValue, String help) {
    return new ConfigKey(name, type, defaultValue, help);
  }

  private final BackendConfig config;

  private S3Settings(BackendConfig config) {
    this.config = config;
  }

  static S3Settings of(BackendConfig given) {
    given.validate(OWNER, KEYS);
    BackendConfig whole = given;
    for (ConfigKey key : KEYS) {
      if (given.string(key.name()).isEmpty() && !key.defaultValue().isEmpty()) {
        whole = whole.with(key.name(), key.defaultValue());
      }
    }
    S3Settings settings = new S3Settings(whole);
    settings.endpoint();
    settings.requireWholeCredentials();
    settings
        .text("bucket")
        .filter(name -> !S3Location.isBucket(name))
        .ifPresent(
            _ -> {
              throw invalid(
                  "setting 'bucket' names none: 3 to 63 characters of a-z, 0-9, '.' and '-', the"
                      + " first and the last a letter or digit");
            });
    for (String name : List.of("connectTimeout", "requestTimeout", "callTimeout")) {
      if (settings.duration(name).isZero()) {
        throw invalid("setting '" + name + "' is 0; it must be above");
      }
    }
    return settings;
  }

  Optional<URI> endpoint() {
    return text("endpoint").map(S3Settings::uri);
  }

  private static URI uri(String text) {
    try {
      URI uri = new URI(text);
      if (uri.getHost() != null
          && uri.getUserInfo() == null
          && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // said below
    }
    throw invalid("setting 'endpoint' is no URL such as http://host:9000 without a user in it");
  }

  Optional<String> text(String name) {
    return config.string(name).filter(text -> !text.isBlank()).map(String::strip);
  }

  String textOr(String name, String other) {
    return text(name).orElse(other);
  }

  boolean pathStyle() {
    return text("pathStyle").map("true"::equals).orElse(endpoint().isPresent());
  }

  boolean flag(String name) {
    return config.bool(name).orElse(false);
  }

  long number(String name) {
    return config.integer(name).orElseThrow();
  }

  long bytes(String name) {
    return config.byteSize(name).orElseThrow();
  }

  Optional<Long> bytesIfSet(String name) {
    return text(name).flatMap(_ -> config.byteSize(name));
  }

  Duration duration(String name) {
    return config.duration(name).orElseThrow();
  }

  Optional<Duration> durationIfSet(String name) {
    return text(name).flatMap(_ -> config.duration(name));
  }

  /** {@return where requests go, for messages} */
  String place() {
    return endpoint().map(URI::toString).orElse("AWS " + textOr("region", ""));
  }

  private boolean hasSecret(String name) {
    return text(name).isPresent() || text(name + "File").isPresent();
  }

  private void requireWholeCredentials() {
    if (hasSecret("accessKey") != hasSecret("secretKey")
        || (hasSecret("sessionToken") && !hasSecret("accessKey"))) {
      throw invalid(
          "accessKey and secretKey (or their files) go together; give both, or neither for the"
              + " default chain of the AWS SDK");
    }
  }

  AwsCredentialsProvider credentials() {
    if (!hasSecret("accessKey")) {
      return DefaultCredentialsProvider.builder().build();
    }
    return this::currentCredentials;
  }

  /** Files are read for each request, so that rotated secrets are taken up. */
  private AwsCredentials currentCredentials() {
    String access = secret("accessKey").orElseThrow();
    String secret = secret("secretKey").orElseThrow();
    return secret("sessionToken")
        .<AwsCredentials>map(token -> AwsSessionCredentials.create(access, secret, token))
        .orElseGet(() -> AwsBasicCredentials.create(access, secret));
  }

  private Optional<String> secret(String name) {
    return text(name).or(() -> text(name + "File").map(file -> fileText(name, file)));
  }

  private static String fileText(String name, String file) {
    try {
      String text = Files.readString(Path.of(file)).strip();
      if (!text.isEmpty()) {
        return text;
      }
    } catch (IOException e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%sFile '%s' cannot be read (%s)".formatted(name, file, e.getClass().getSimpleName()),
          e);
    }
    throw invalid("%sFile '%s' is empty".formatted(name, file));
  }

  private static ConfigurationException invalid(String message) {
    return new ConfigurationException(ErrorCode.INVALID_CONFIG, message);
  }

  @Override
  public String toString() {
    return "S3Settings[" + place() + "]";
  }
}
