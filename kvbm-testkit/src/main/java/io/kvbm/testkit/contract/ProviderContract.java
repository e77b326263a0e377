package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.TestContext;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The contract of {@link BackendProvider} and of what an open {@link Backend} offers. */
public abstract class ProviderContract extends BackendContract {

  /** Creates the contract; called by JUnit. */
  protected ProviderContract() {}

  @Test
  void nameFollowsThePatternAndNeverChanges() {
    String name = provider().name();
    assertThat(name).matches("[a-z][a-z0-9-]{0,62}");
    assertThat(harness().provider().name()).isEqualTo(name);
  }

  @Test
  void isFoundByTheServiceLoader() {
    assertThat(ServiceLoader.load(BackendProvider.class).stream().map(ServiceLoader.Provider::type))
        .contains(provider().getClass().asSubclass(BackendProvider.class));
  }

  @Test
  void constructorIsPublicAndTakesNothing() throws Exception {
    assertThat(Modifier.isPublic(provider().getClass().getModifiers())).as("public class").isTrue();
    assertThat(Modifier.isPublic(provider().getClass().getConstructor().getModifiers())).isTrue();
  }

  @Test
  void isBuiltForThisSpi() {
    assertThat(provider().builtFor().isSupported())
        .as("SPI %s is supported here", provider().builtFor())
        .isTrue();
  }

  @Test
  void everySettingIsDocumentedAndItsDefaultIsOfItsType() {
    List<ConfigKey> keys = provider().configKeys();
    assertThat(keys).extracting(ConfigKey::name).doesNotHaveDuplicates();
    for (ConfigKey key : keys) {
      assertThat(key.name()).matches("[a-z][a-zA-Z0-9]*");
      assertThat(key.help()).as("help of %s", key.name()).isNotBlank().doesNotContain("\n");
      if (!key.defaultValue().isEmpty()) {
        BackendConfig.of(key.name(), key.defaultValue()).validate(provider().name(), keys);
      }
    }
  }

  @Test
  void harnessSettingsAreKnown() {
    openHarness().config().validate(provider().name(), provider().configKeys());
  }

  @Test
  void probeFindsTheBackendAvailableAndLeavesNothingBehind() {
    Availability first = provider().probe(openHarness().config());
    assertThat(first).isInstanceOf(Availability.Available.class);
    assertThat(((Availability.Available) first).details()).isNotBlank().doesNotContain("\n");
    assertThat(provider().probe(openHarness().config())).isEqualTo(first);
  }

  @Test
  void probeNeverThrows() {
    for (ConfigKey key : provider().configKeys()) {
      for (String text : List.of("", " ", "-1", "\0", "no such thing", "9".repeat(400))) {
        BackendConfig config = openHarness().config().with(key.name(), text);
        assertThat(provider().probe(config)).as("probe with %s", config).isNotNull();
      }
    }
    Availability unknown = provider().probe(openHarness().config().with("noSuchSetting", "1"));
    assertThat(unknown).isNotNull();
  }

  @Test
  void diagnoseNeverThrowsAndNamesEachCheckOnce() {
    for (ConfigKey key : provider().configKeys()) {
      for (String text : List.of("", "-1", "\0", "no such thing")) {
        BackendConfig config = openHarness().config().with(key.name(), text);
        assertThat(provider().diagnose(config)).as("diagnose with %s", config).isNotNull();
      }
    }
    BackendConfig unknown = openHarness().config().with("noSuchSetting", "1");
    assertThat(provider().diagnose(unknown)).as("diagnose with %s", unknown).isNotNull();
    assertThat(provider().diagnose(openHarness().config()))
        .extracting(finding -> finding.scope() + " " + finding.name())
        .doesNotHaveDuplicates();
  }

  @Test
  void openRefusesAnUnknownSettingByName() {
    try (TestContext other = openHarness().context()) {
      assertThat(
              assertRefused(
                  ErrorCode.INVALID_CONFIG,
                  () ->
                      provider()
                          .open(other, openHarness().config().with("noSuchSetting", "1"))
                          .close()))
          .hasMessageContaining("noSuchSetting");
    }
  }

  @Test
  void storageKindsAreWellFormedAndCoverWhatIsOffered() {
    assertThat(provider().storageKinds()).isNotEmpty();
    provider().storageKinds().forEach(StorageType::of);
    List<String> offered = new ArrayList<>();
    backend().allocators().stream().map(StorageAllocator::storageKind).forEach(offered::add);
    backend().blockStores().forEach(factory -> offered.add(factory.storageKind()));
    backend().objectStores().forEach(factory -> offered.add(factory.storageKind()));
    backend().logs().forEach(factory -> offered.add(factory.storageKind()));
    assertThat(provider().storageKinds()).containsAll(offered);
  }

  @Test
  void offersWhatItsHarnessDoesNotDeclareUnsupportedAndNothingElse() {
    for (Feature feature : Feature.values()) {
      @Nullable List<?> offered =
          switch (feature) {
            case ALLOCATION -> backend().allocators();
            case TRANSFER -> backend().transports();
            case LAYOUTS -> openHarness().layouts(backend());
            case BLOCK_STORE -> backend().blockStores();
            case OBJECT_STORE -> backend().objectStores();
            case LOG -> backend().logs();
            case DISK -> backend().disks();
            // Capabilities of a store, which the contract of the store compares.
            case BLOCK_STORE_PERSISTENT,
                OBJECT_CONDITIONAL_PUT,
                OBJECT_ATOMIC_BATCH,
                OBJECT_MAP,
                OBJECT_TIME_TO_LIVE,
                OBJECT_SYNC,
                OBJECT_PERSISTENT ->
                null;
          };
      if (offered == null) {
        continue;
      }
      assertThat(offered.isEmpty())
          .as("%s of %s is left out", feature, provider().name())
          .isEqualTo(openHarness().unsupported().containsKey(feature));
    }
  }

  @Test
  void listsStayTheSame() {
    assertThat(backend().allocators()).isEqualTo(backend().allocators());
    assertThat(backend().transports()).isEqualTo(backend().transports());
    assertThat(backend().blockStores()).isEqualTo(backend().blockStores());
    assertThat(backend().objectStores()).isEqualTo(backend().objectStores());
    assertThat(backend().logs()).isEqualTo(backend().logs());
  }

  private BackendProvider provider() {
    return openHarness().provider();
  }
}
