package io.kvbm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.storage.Storage;
import io.kvbm.backend.system.SystemBackendProvider;
import io.kvbm.core.Platform;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * An application of nothing but {@code kvbm-core} and {@code backend-system}: compiled here, run in
 * a JVM of its own on the class path and on the module path, without any option but the path.
 */
@Timeout(120)
class EmbeddingTest {

  private static final String MODULE = "module app { requires io.kvbm.core; }";

  private static final String MAIN =
      """
      package app;

      import io.kvbm.api.block.ImmutableBlock;
      import io.kvbm.api.block.MutableBlock;
      import io.kvbm.api.block.SequenceHash;
      import io.kvbm.api.config.KvBlockManagerConfig;
      import io.kvbm.api.config.KvManagerLayoutConfig;
      import io.kvbm.api.config.KvManagerModelConfig;
      import io.kvbm.api.hash.CacheSalt;
      import io.kvbm.api.layout.DType;
      import io.kvbm.core.KvBlockManager;
      import io.kvbm.core.Platform;
      import io.kvbm.core.pool.BlockPool;
      import io.kvbm.core.tier.CacheLevel;
      import io.kvbm.core.transfer.TransferOptions;
      import java.lang.foreign.MemorySegment;
      import java.lang.foreign.ValueLayout;
      import java.util.List;
      import java.util.stream.IntStream;

      public final class Main {
        public static void main(String[] args) {
          try (Platform platform = Platform.load();
              KvBlockManager manager = KvBlockManager.create(config(platform), platform)) {
            BlockPool device = manager.device().orElseThrow();
            SequenceHash hash = fill(device, manager.blockSize());
            List<ImmutableBlock> found = device.matchSequenceHashes(List.of(hash));
            require(found.size() == 1, "the block is found");
            ImmutableBlock below =
                manager.offload(found, CacheLevel.HOST, TransferOptions.DEFAULT).await()
                    .getFirst().block().orElseThrow();
            require(
                manager.host().orElseThrow().matchSequenceHashes(List.of(hash)).size() == 1,
                "the block is found in host memory");
            MemorySegment source = found.getFirst().blockView().segment();
            MemorySegment target = below.blockView().segment();
            require(source.address() != target.address(), "the bytes were copied");
            require(source.mismatch(target) == -1, "the bytes are the same");
            require(target.get(ValueLayout.JAVA_BYTE, 100) == 100, "the bytes are the application's");
            System.out.println("OK " + Main.class.getModule().isNamed());
          }
        }

        private static KvBlockManagerConfig config(Platform platform) {
          KvManagerLayoutConfig tier =
              KvManagerLayoutConfig.builder()
                  .numBlocks(8)
                  .allocator(platform.allocator("system"))
                  .build();
          return KvBlockManagerConfig.builder()
              .model(
                  KvManagerModelConfig.builder()
                      .numLayers(2)
                      .outerDim(2)
                      .pageSize(16)
                      .innerDim(64)
                      .dtype(DType.FP16)
                      .build())
              .deviceLayout(tier)
              .hostLayout(tier)
              .build();
        }

        private static SequenceHash fill(BlockPool pool, int tokens) {
          MutableBlock block = pool.allocateBlocks(1).getFirst();
          block.initSequence(CacheSalt.NONE);
          block.addTokens(IntStream.range(0, tokens).toArray());
          MemorySegment bytes = block.blockViewMut().segment();
          for (long i = 0; i < bytes.byteSize(); i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, (byte) i);
          }
          try (ImmutableBlock registered = block.complete().register()) {
            return registered.sequenceHash();
          }
        }

        private static void require(boolean holds, String what) {
          if (!holds) {
            throw new AssertionError("not so: " + what);
          }
        }
      }
      """;

  /** What the two modules need at run time and is not a module of this build. */
  private static final List<String> LIBRARIES =
      List.of(
          "agrona-",
          "hash4j-",
          "HdrHistogram-",
          "LatencyUtils-",
          "micrometer-",
          "snakeyaml-engine-");

  /** Variables by which a JVM takes options that are not on its command line. */
  private static final List<String> OPTION_VARIABLES =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

  @TempDir private Path folder;
  private Path sources;
  private Path classes;

  @BeforeEach
  void makeFolders() throws IOException {
    sources = Files.createDirectories(folder.resolve("src"));
    classes = Files.createDirectories(folder.resolve("classes"));
  }

  @Test
  void an_application_runs_on_the_class_path_without_options() throws Exception {
    compile(List.of("-cp", platformPath()), source("app/Main.java", MAIN));

    assertThat(run("-cp", classes + File.pathSeparator + platformPath(), "app.Main"))
        .isEqualTo("OK false");
  }

  @Test
  void an_application_runs_on_the_module_path_without_options() throws Exception {
    compile(
        List.of("-p", platformPath()),
        source("module-info.java", MODULE),
        source("app/Main.java", MAIN));

    assertThat(run("-p", classes + File.pathSeparator + platformPath(), "-m", "app/app.Main"))
        .isEqualTo("OK true");
  }

  private static String platformPath() throws URISyntaxException {
    Set<String> path = new LinkedHashSet<>();
    for (Class<?> type : List.of(Storage.class, Platform.class, SystemBackendProvider.class)) {
      path.add(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    classPath().filter(EmbeddingTest::isLibrary).forEach(path::add);
    return String.join(File.pathSeparator, path);
  }

  private static Stream<String> classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator));
  }

  private static String nameOf(String entry) {
    return Path.of(entry).getFileName().toString();
  }

  private static boolean isLibrary(String entry) {
    return LIBRARIES.stream().anyMatch(nameOf(entry)::startsWith);
  }

  private Path source(String name, String text) throws IOException {
    Path file = sources.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private void compile(List<String> path, Path... files) {
    ToolProvider compiler = ToolProvider.findFirst("javac").orElseThrow();
    List<String> arguments = new ArrayList<>(path);
    arguments.addAll(List.of("-proc:none", "-d", classes.toString()));
    Arrays.stream(files).map(Path::toString).forEach(arguments::add);
    StringWriter messages = new StringWriter();
    PrintWriter writer = new PrintWriter(messages);
    assertThat(compiler.run(writer, writer, arguments.toArray(String[]::new)))
        .as(messages::toString)
        .isZero();
  }

  /** Runs the application; what it warns of on standard error is shown only where it fails. */
  private String run(String... arguments) throws IOException, InterruptedException {
    assertThat(Arrays.stream(arguments).filter(argument -> argument.startsWith("-")))
        .isSubsetOf("-cp", "-p", "-m");
    Path errors = folder.resolve("errors.txt");
    ProcessBuilder builder = new ProcessBuilder(arguments);
    builder.command().addFirst(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    builder.environment().keySet().removeAll(OPTION_VARIABLES);
    Process application = builder.redirectError(errors.toFile()).start();
    String output = new String(application.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exitCode = application.waitFor();
    assertThat(exitCode).as(() -> String.join(" ", builder.command()) + read(errors)).isZero();
    return output.strip();
  }

  private static String read(Path file) {
    try {
      return "\n" + Files.readString(file);
    } catch (IOException e) {
      return "\n" + e;
    }
  }
}
