package io.kvbm.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlatformTest {

  private static Platform of(BackendProvider... providers) {
    return Platform.builder().providers(List.of(providers)).build();
  }

  private static BackendConfig none() {
    return BackendConfig.empty();
  }

  @Test
  void listsBackendsByNameWithoutOpeningThem() {
    AtomicInteger opened = new AtomicInteger();
    NamedProvider late =
        NamedProvider.of("zeta", "tape", "disk")
            .withPriority(7)
            .opening(
                _ -> {
                  opened.incrementAndGet();
                  return () -> {};
                });
    try (Platform platform = of(late, NamedProvider.of("alpha").unavailable("no driver"))) {
      assertThat(platform.backends())
          .extracting(BackendListing::name)
          .containsExactly("alpha", "zeta");
      BackendListing zeta = platform.backends().getLast();
      assertThat(zeta.storageKinds()).containsExactly("disk", "tape");
      assertThat(zeta.priority()).isEqualTo(7);
      assertThat(zeta.module()).isEqualTo("class path");
      assertThat(zeta.version()).isEqualTo("unknown");
      assertThat(Path.of(zeta.location())).exists();
      assertThat(zeta.availability().isAvailable()).isTrue();
      assertThat(platform.backends().getFirst().availability().isAvailable()).isFalse();
      assertThat(opened).hasValue(0);
    }
  }

  @Test
  void opensABackendOncePerConfiguration() {
    NamedProvider provider = NamedProvider.of("alpha").opening(_ -> new CountedBackend());
    try (Platform platform = of(provider)) {
      Backend first = platform.backend("alpha", none());
      assertThat(platform.backend("alpha", none())).isSameAs(first);
      assertThat(platform.backend("alpha@unknown", none())).isSameAs(first);
      assertThat(platform.backend("alpha", BackendConfig.of("depth", "2"))).isNotSameAs(first);
    }
  }

  @Test
  void unknownNameListsWhatThereIsWithReasons() {
    try (Platform platform =
        of(
            NamedProvider.of("disk", "disk"),
            NamedProvider.of("cuda", "device").unavailable("no driver"))) {
      assertThatThrownBy(() -> platform.backend("dsik", none()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("'dsik'")
          .hasMessageContaining("did you mean 'disk'?")
          .hasMessageContaining("cuda@unknown (unavailable: no driver)")
          .hasMessageNotContaining("\n")
          .extracting(e -> ((KvbmException) e).code())
          .isEqualTo(ErrorCode.BACKEND_UNAVAILABLE);
    }
  }

  @Test
  void noBackendAtAllSaysWhatToInstall() {
    try (Platform platform = of()) {
      assertThatThrownBy(() -> platform.allocator("system"))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("none is installed");
    }
  }

  @Test
  void unavailableBackendSaysWhy() {
    try (Platform platform =
        of(NamedProvider.of("cuda", "device").unavailable("no libcuda.so.1"))) {
      assertThatThrownBy(() -> platform.allocator("device"))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("no libcuda.so.1");
    }
  }

  @Test
  void configurationIsChecked() {
    try (Platform platform = of(NamedProvider.of("alpha"))) {
      assertThatThrownBy(() -> platform.backend("alpha", BackendConfig.of("dept", "1")))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("'depth'");
      assertThatThrownBy(() -> platform.backend("alpha", BackendConfig.of("depth", "x")))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("whole number");
    }
  }

  @Test
  void storageKindTakesThePreferredAvailableBackend() {
    NamedProvider low = allocating("low", "tape").withPriority(1);
    NamedProvider high = allocating("high", "tape").withPriority(9);
    NamedProvider best = allocating("best", "tape").withPriority(99).unavailable("no drive");
    try (Platform platform = of(low, high, best)) {
      assertThat(((KindAllocator) platform.allocator("tape")).owner()).isEqualTo("high");
      assertThat(((KindAllocator) platform.allocator("auto")).owner()).isEqualTo("high");
      assertThat(((KindAllocator) platform.allocator("low")).owner()).isEqualTo("low");
    }
  }

  @Test
  void backendNameComesBeforeStorageKindAndPrefersTheAllocatorOfThatName() {
    NamedProvider disk = allocating("disk", "mapped", "disk");
    NamedProvider other = allocating("other", "disk", "ram").withPriority(999);
    try (Platform platform = of(other, disk)) {
      assertThat(platform.allocator("disk")).isEqualTo(new KindAllocator("disk", "disk"));
      assertThat(platform.allocator("other")).isEqualTo(new KindAllocator("other", "disk"));
      assertThat(platform.allocator("ram")).isEqualTo(new KindAllocator("other", "ram"));
    }
  }

  @Test
  void backendWithoutWhatIsAskedForSaysSo() {
    try (Platform platform = of(NamedProvider.of("alpha"))) {
      assertThatThrownBy(() -> platform.allocator("alpha"))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("'alpha' has no allocator");
    }
  }

  @Test
  void duplicateIsRefusedWithBothPlacesAndTheRestWorks() {
    try (Platform platform =
        of(NamedProvider.of("twin"), NamedProvider.of("twin"), NamedProvider.of("single"))) {
      assertThat(platform.backends()).extracting(BackendListing::name).containsExactly("single");
      assertThat(platform.refusals()).hasSize(1);
      String place = InstalledBackend.locationOf(NamedProvider.class);
      assertThat(platform.refusals().getFirst())
          .contains("twin@unknown")
          .contains(place + " and " + place)
          .doesNotContain("\n");
      assertThatThrownBy(() -> platform.backend("twin", none()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("refused: backend twin@unknown is installed 2 times");
    }
  }

  @Test
  void otherSpiIsRefused() {
    try (Platform platform =
        of(NamedProvider.of("old").builtFor(Spi.MAJOR + 1, 0), NamedProvider.of("fine"))) {
      assertThat(platform.backends()).extracting(BackendListing::name).containsExactly("fine");
      assertThat(platform.refusals())
          .singleElement()
          .asString()
          .contains("'old'")
          .contains("built for SPI " + (Spi.MAJOR + 1) + ".0");
    }
  }

  @Test
  void brokenProvidersOfAClassLoaderAreRefusedOneLineEach(@TempDir Path folder) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.write(
        services.resolve(BackendProvider.class.getName()),
        List.of(
            BrokenProviders.ThrowsWhenCreated.class.getName(),
            "no.such.Provider",
            BrokenProviders.ThrowsWhenLoaded.class.getName(),
            BrokenProviders.Misnamed.class.getName(),
            PlatformTest.class.getName(),
            BrokenProviders.Sound.class.getName()));
    URL[] urls = {folder.toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(urls, getClass().getClassLoader());
        Platform platform = Platform.builder().classLoader(loader).build()) {
      assertThat(platform.backends()).extracting(BackendListing::name).contains("sound");
      assertThat(platform.refusals()).hasSize(5).noneMatch(line -> line.contains("\n"));
      assertThat(platform.refusals()).anyMatch(line -> line.contains("libmissing.so.3"));
      assertThat(platform.refusals()).anyMatch(line -> line.contains("no.such.Provider"));
      assertThat(platform.refusals()).anyMatch(line -> line.contains("not a number"));
      assertThat(platform.refusals()).anyMatch(line -> line.contains("'Not A Name'"));
      assertThat(platform.refusals()).anyMatch(line -> line.contains("PlatformTest"));
      assertThat(platform.backend("sound", none())).isNotNull();
    }
  }

  @Test
  void probeThatThrowsIsUnavailable() {
    BackendProvider provider =
        new BrokenProviders.Sound() {
          @Override
          public Availability probe(BackendConfig config) {
            throw new UnsatisfiedLinkError("libx.so");
          }
        };
    try (Platform platform = of(provider)) {
      assertThat(platform.backends().getFirst().availability().isAvailable()).isFalse();
      assertThatThrownBy(() -> platform.backend("echo", none())).hasMessageContaining("libx.so");
    }
  }

  @Test
  void openThatThrowsIsABackendError() {
    NamedProvider provider =
        NamedProvider.of("alpha")
            .opening(
                _ -> {
                  throw new IllegalStateException("device lost");
                });
    try (Platform platform = of(provider)) {
      assertThatThrownBy(() -> platform.backend("alpha", none()))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("'alpha'")
          .hasMessageContaining("device lost");
    }
  }

  @Test
  void transportsThatCannotBeHadAreABackendError() {
    AtomicBoolean closed = new AtomicBoolean();
    NamedProvider provider =
        NamedProvider.of("alpha")
            .opening(
                _ ->
                    new Backend() {
                      @Override
                      public List<Transport> transports() {
                        throw new IllegalStateException("link down");
                      }

                      @Override
                      public void close() {
                        closed.set(true);
                      }
                    });
    try (Platform platform = of(provider)) {
      assertThatThrownBy(() -> platform.backend("alpha"))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("link down");
      assertThat(closed).as("nobody else would close it in time").isTrue();
      assertThatThrownBy(() -> platform.backend("alpha"))
          .as("half a backend is not handed out later")
          .isInstanceOf(BackendException.class);
    }
  }

  @Test
  void builtConfigurationIsUsedWhereACallGivesNone() {
    NamedProvider provider = NamedProvider.of("alpha").opening(_ -> new CountedBackend());
    BackendConfig deep = BackendConfig.of("depth", "9");
    try (Platform platform =
        Platform.builder().providers(List.of(provider)).config("alpha", deep).build()) {
      assertThat(platform.backend("alpha")).isSameAs(platform.backend("alpha", deep));
      assertThat(platform.backend("alpha")).isNotSameAs(platform.backend("alpha", none()));
    }
  }

  @Test
  void manyThreadsOpenABackendOnce() throws Exception {
    AtomicInteger opened = new AtomicInteger();
    NamedProvider provider =
        NamedProvider.of("alpha")
            .opening(
                _ -> {
                  opened.incrementAndGet();
                  return new CountedBackend();
                });
    try (Platform platform = of(provider);
        ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<Backend>> found =
          threads.invokeAll(Collections.nCopies(8, () -> platform.backend("alpha", none())));
      for (Future<Backend> one : found) {
        assertThat(one.get()).isSameAs(platform.backend("alpha", none()));
      }
      assertThat(opened).hasValue(1);
    }
  }

  @Test
  void closesInReverseOrderAndOnceEvenIfOneFails() {
    List<String> closed = new ArrayList<>();
    Platform platform =
        of(closing("a", closed, false), closing("b", closed, true), closing("c", closed, false));
    platform.backend("b", none());
    platform.backend("a", none());
    platform.backend("c", none());
    assertThatThrownBy(platform::close)
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("b is stuck");
    assertThat(closed).containsExactly("c", "a", "b");
    platform.close();
    assertThat(closed).hasSize(3);
    assertThatThrownBy(() -> platform.backend("a", none())).isInstanceOf(ClosedException.class);
  }

  @Test
  void memoryThatCannotBeFreedKeepsNoBackendOpen() {
    List<String> closed = new ArrayList<>();
    StorageAllocator stuck =
        new StorageAllocator() {
          @Override
          public String storageKind() {
            return "system";
          }

          @Override
          public Storage allocate(AllocationRequest request) {
            return new KindStorage("system", request.byteSize(), "system memory is stuck");
          }
        };
    NamedProvider provider =
        NamedProvider.of("alpha", "system", "abacus")
            .opening(
                _ ->
                    new Backend() {
                      @Override
                      public List<StorageAllocator> allocators() {
                        return List.of(stuck);
                      }

                      @Override
                      public List<Transport> transports() {
                        return List.of(new PretendedTransport("abacus->system", "system->abacus"));
                      }

                      @Override
                      public void close() {
                        closed.add("alpha");
                      }
                    });
    Platform platform = of(provider);
    try (Storage source = new KindStorage("abacus", 10, "");
        Storage target = new KindStorage("abacus", 10, "")) {
      assertThat(platform.transfer(source, target)).isEqualTo(10);
    }
    assertThatThrownBy(platform::close)
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("system memory is stuck");
    assertThat(closed).containsExactly("alpha");
  }

  @Test
  void whoeverComesWhileABackendIsOpenedForARouteWaitsForIt() throws Exception {
    CountDownLatch opening = new CountDownLatch(1);
    CountDownLatch open = new CountDownLatch(1);
    NamedProvider provider =
        NamedProvider.of("alpha", "system")
            .opening(
                _ -> {
                  opening.countDown();
                  awaitUninterruptibly(open);
                  return new CountedBackend() {
                    @Override
                    public List<Transport> transports() {
                      return List.of(new PretendedTransport("system->system"));
                    }
                  };
                });
    try (Platform platform = of(provider)) {
      AtomicInteger found = new AtomicInteger();
      Runnable look =
          () -> {
            if (platform.transfers().canTransfer(StorageType.SYSTEM, StorageType.SYSTEM)) {
              found.incrementAndGet();
            }
          };
      Thread first = Thread.ofPlatform().start(look);
      opening.await();
      Thread second = Thread.ofPlatform().start(look);
      while (second.getState() == Thread.State.RUNNABLE) {
        Thread.onSpinWait();
      }
      open.countDown();
      first.join();
      second.join();
      assertThat(found).hasValue(2);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void idlePlatformHasNoThreadsAndIoThreadsAreNamedAndOurs() throws InterruptedException {
    AtomicReference<BackendContext> lent = new AtomicReference<>();
    NamedProvider provider =
        NamedProvider.of("alpha")
            .opening(
                context -> {
                  lent.set(context);
                  return () -> {};
                });
    AtomicReference<Thread> worker = new AtomicReference<>();
    try (Platform platform = Platform.builder().providers(List.of(provider)).ioThreads(1).build()) {
      platform.backend("alpha", none());
      CountDownLatch ran = new CountDownLatch(1);
      lent.get()
          .ioExecutor()
          .execute(
              () -> {
                worker.set(Thread.currentThread());
                ran.countDown();
              });
      ran.await();
      assertThat(worker.get().getName()).isEqualTo("kvbm-io-1");
      assertThat(worker.get().isVirtual()).isFalse();
    }
    worker.get().join();
    assertThat(lent.get().computeParallelism())
        .isEqualTo(Runtime.getRuntime().availableProcessors());
  }

  @Test
  void closeWaitsForIoWithoutInterruptingIt() throws InterruptedException {
    AtomicReference<BackendContext> lent = new AtomicReference<>();
    NamedProvider provider =
        NamedProvider.of("alpha")
            .opening(
                context -> {
                  lent.set(context);
                  return () -> {};
                });
    Platform platform = of(provider);
    platform.backend("alpha", none());
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    AtomicBoolean finished = new AtomicBoolean();
    lent.get()
        .ioExecutor()
        .execute(
            () -> {
              running.countDown();
              try {
                go.await();
              } catch (InterruptedException _) {
                interrupted.set(true);
              }
              finished.set(true);
            });
    running.await();
    AtomicBoolean finishedAtClose = new AtomicBoolean();
    Thread closer =
        Thread.ofPlatform()
            .start(
                () -> {
                  platform.close();
                  finishedAtClose.set(finished.get());
                });
    closer.interrupt();
    go.countDown();
    closer.join();
    assertThat(finishedAtClose).isTrue();
    assertThat(interrupted).isFalse();
  }

  @Test
  void versionsAreOrderedAsTheModuleSystemDoes() {
    assertThat(BackendCatalog.compareVersions("1.10.0", "1.9.0")).isPositive();
    assertThat(BackendCatalog.compareVersions("1.0.0-SNAPSHOT", "1.0.0")).isNegative();
    assertThat(BackendCatalog.compareVersions("unknown", "0.0.1")).isNegative();
  }

  @Test
  void severalVersionsLoadAndTheNameMeansTheHighest() {
    BackendCatalog catalog =
        new BackendCatalog(
            List.of(versioned("1.9.0"), versioned("1.10.0"), versioned("1.2.0")), List.of());
    assertThat(catalog.candidates("disk"))
        .extracting(InstalledBackend::version)
        .containsExactly("1.10.0");
    assertThat(catalog.candidates("disk@1.2.0"))
        .extracting(InstalledBackend::version)
        .containsExactly("1.2.0");
    assertThat(catalog.candidates("disk@3")).isEmpty();
  }

  private static InstalledBackend versioned(String version) {
    NamedProvider provider = NamedProvider.of("disk", "disk");
    return new InstalledBackend(
        provider,
        "disk",
        version,
        InstalledBackend.CLASS_PATH,
        "here",
        new TreeSet<>(provider.storageKinds()),
        List.of(),
        100);
  }

  private static NamedProvider closing(String name, List<String> closed, boolean fails) {
    return NamedProvider.of(name)
        .opening(
            _ ->
                () -> {
                  closed.add(name);
                  if (fails) {
                    throw new IllegalStateException(name + " is stuck");
                  }
                });
  }

  private static NamedProvider allocating(String name, String... kinds) {
    return NamedProvider.of(name, kinds)
        .opening(
            _ ->
                new CountedBackend() {
                  @Override
                  public List<StorageAllocator> allocators() {
                    return Arrays.stream(kinds)
                        .<StorageAllocator>map(kind -> new KindAllocator(name, kind))
                        .toList();
                  }
                });
  }

  /** Says that it moved everything. */
  private record PretendedTransport(Set<String> routes) implements Transport {
    private PretendedTransport(String... routes) {
      this(Set.of(routes));
    }

    @Override
    public String name() {
      return "pretended";
    }

    @Override
    public boolean supports(Route route) {
      return routes.contains(route.toString());
    }

    @Override
    public void submit(TransferBatch batch, TransferCompletion completion) {
      for (int block = 0; block < batch.blockCount(); block++) {
        completion.done(block, batch.byteSize(block));
      }
      completion.drained();
    }
  }

  /** Storage without bytes; closing it fails if there is a reason. */
  private static final class KindStorage extends AbstractStorage {
    private final String complaint;

    private KindStorage(String kind, long byteSize, String complaint) {
      super(StorageType.of(kind), 0, byteSize);
      this.complaint = complaint;
    }

    @Override
    public boolean isHostAccessible() {
      return false;
    }

    @Override
    protected Region openRegion() {
      return new Region.NullRegion(byteSize());
    }

    @Override
    protected void fill(byte value, long offset, long length) {}

    @Override
    protected void free() {
      if (!complaint.isEmpty()) {
        throw new BackendException(ErrorCode.OPERATION_FAILED, complaint, null);
      }
    }
  }

  private static class CountedBackend implements Backend {
    @Override
    public void close() {}
  }

  private record KindAllocator(String owner, String storageKind) implements StorageAllocator {
    @Override
    public Storage allocate(AllocationRequest request) {
      throw new BackendException(ErrorCode.OPERATION_FAILED, "allocates nothing", null);
    }
  }

  /** Throws an error of its own wherever it is asked. */
  private static final class Failing extends BrokenProviders.Sound {
    private final String where;

    Failing(String where) {
      this.where = where;
    }

    private void failAt(String place) {
      if (where.equals(place)) {
        throw new AssertionError("boom at " + place);
      }
    }

    @Override
    public List<ConfigKey> configKeys() {
      failAt("configKeys");
      return List.of();
    }

    @Override
    public Availability probe(BackendConfig config) {
      failAt("probe");
      return super.probe(config);
    }

    @Override
    public List<Finding> diagnose(BackendConfig config) {
      failAt("diagnose");
      return List.of();
    }

    @Override
    public Backend open(BackendContext context, BackendConfig config) {
      failAt("open");
      return super.open(context, config);
    }
  }

  @Test
  void an_error_of_a_provider_is_its_own_matter_and_leaves_the_others_working() {
    for (String where : List.of("configKeys", "probe", "diagnose", "open")) {
      try (Platform platform =
          Platform.builder()
              .providers(List.of(new Failing(where), NamedProvider.of("other", "echo")))
              .build()) {
        List<String> told = new ArrayList<>(platform.refusals());
        platform.backends().stream()
            .map(listing -> listing.availability().toString())
            .forEach(told::add);
        platform.diagnose(Optional.empty()).forEach(finding -> told.add(finding.found()));
        if (where.equals("open")) {
          assertThatThrownBy(() -> platform.backend("sound", BackendConfig.empty()))
              .isInstanceOf(BackendException.class)
              .satisfies(e -> told.add(e.getMessage()));
        }

        assertThat(told).as(where).anyMatch(line -> line.contains("boom at " + where));
        assertThat(platform.backend("other", BackendConfig.empty())).isNotNull();
      }
    }
  }

  @Test
  void a_provider_without_settings_to_name_is_refused_by_what_it_left_out() {
    BackendProvider nameless =
        new BrokenProviders.Sound() {
          @Override
          @SuppressWarnings("NullAway") // what a plugin can do all the same
          public List<ConfigKey> configKeys() {
            return null;
          }
        };
    try (Platform platform = Platform.builder().providers(List.of(nameless)).build()) {
      assertThat(platform.refusals())
          .singleElement()
          .asString()
          .endsWith("is broken: configKeys() is null");
    }
  }

  @Test
  void memory_that_is_used_up_is_not_blamed_on_a_provider() {
    BackendProvider greedy =
        new BrokenProviders.Sound() {
          @Override
          public Availability probe(BackendConfig config) {
            throw new OutOfMemoryError("Java heap space");
          }
        };
    try (Platform platform = Platform.builder().providers(List.of(greedy)).build()) {
      assertThatThrownBy(platform::backends).isInstanceOf(OutOfMemoryError.class);
    }
  }
}
