package io.kvbm.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jacoco.core.data.ExecutionDataStore;
import org.jacoco.core.data.SessionInfoStore;
import org.jacoco.core.instr.Instrumenter;
import org.jacoco.core.runtime.LoggerRuntime;
import org.jacoco.core.runtime.RuntimeData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** At least nine lines in ten of each published module run in some test. */
class CoverageTest {
  private static final int PERCENT = 90;

  @Test
  void enoughOfEachPublishedModuleRuns() throws IOException {
    Reactor reactor = Reactor.load();
    List<Path> files = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (Reactor.Module module : reactor.modules()) {
      List<Path> recorded = recorded(module.folder().resolve("target"));
      files.addAll(recorded);
      if (!recorded.isEmpty()) {
        continue;
      }
      if (Files.isDirectory(module.folder().resolve("src/test/java/io/kvbm"))
          && !module.artifactId().equals("kvbm-arch-tests")) {
        missing.add(module.artifactId());
      }
    }
    assumeTrue(
        missing.isEmpty(),
        () -> "coverage is judged when the tests of all modules ran; none recorded in " + missing);
    ExecutionDataStore ran = Coverage.load(files);
    List<Coverage.Result> results = new ArrayList<>();
    for (Reactor.Module module : reactor.libraries()) {
      results.add(Coverage.of(module.artifactId(), module.classes(), ran));
    }
    results.forEach(result -> System.out.println(result.line()));
    assertThat(results).hasSizeGreaterThanOrEqualTo(6);
    assertThat(results).allSatisfy(result -> assertThat(result.total()).isGreaterThan(100));
    Coverage.require(results, PERCENT);
  }

  /** One file for each process that ran tests. */
  private static List<Path> recorded(Path target) throws IOException {
    if (!Files.isDirectory(target)) {
      return List.of();
    }
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(target, "jacoco*.exec")) {
      found.forEach(files::add);
    }
    return files;
  }

  /** Half of it runs. */
  public static final class HalfRun implements IntUnaryOperator {
    /** Called by name. */
    public HalfRun() {}

    @Override
    public int applyAsInt(int value) {
      if (value > 0) {
        return value + 1;
      }
      int other = value;
      other += 2;
      other *= 3;
      other -= 4;
      return other;
    }
  }

  @Test
  void aModuleBelowTheBoundIsRefusedWithItsWorstClass(@TempDir Path folder) throws Exception {
    String name = HalfRun.class.getName();
    byte[] bytes = bytesOf(HalfRun.class);
    Files.write(folder.resolve("HalfRun.class"), bytes);

    LoggerRuntime runtime = new LoggerRuntime();
    byte[] instrumented = new Instrumenter(runtime).instrument(bytes, name);
    RuntimeData data = new RuntimeData();
    runtime.startup(data);
    IntUnaryOperator halfRun = (IntUnaryOperator) define(name, instrumented);
    assertThat(halfRun.applyAsInt(1)).isEqualTo(2);
    Coverage.Result half = measure(folder, data);
    assertThat(halfRun.applyAsInt(0)).isEqualTo(2);
    Coverage.Result whole = measure(folder, data);
    runtime.shutdown();

    assertThatThrownBy(() -> Coverage.require(List.of(half), PERCENT))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("less than 90 % of the lines ran in fixture")
        .hasMessageContaining("5 lines not run in " + name);
    Coverage.require(List.of(whole), PERCENT);
  }

  @Test
  void theBoundItselfIsEnough() {
    assertThat(new Coverage.Result("m", 90, 100, List.of()).reaches(90)).isTrue();
    assertThat(new Coverage.Result("m", 899, 1000, List.of()).reaches(90)).isFalse();
  }

  private static Coverage.Result measure(Path classes, RuntimeData data) throws IOException {
    ExecutionDataStore ran = new ExecutionDataStore();
    data.collect(ran, new SessionInfoStore(), false);
    return Coverage.of("fixture", classes, ran);
  }

  private static byte[] bytesOf(Class<?> type) throws IOException {
    try (var in =
        type.getResourceAsStream(
            type.getName().substring(type.getPackageName().length() + 1) + ".class")) {
      if (in == null) {
        throw new AssertionError("no class file of " + type);
      }
      return in.readAllBytes();
    }
  }

  /**
   * {@return an instance of the class with these bytes, apart from the one this test was loaded
   * with}
   */
  private static Object define(String name, byte[] bytes) throws ReflectiveOperationException {
    ClassLoader loader =
        new ClassLoader(CoverageTest.class.getClassLoader()) {
          @Override
          protected Class<?> loadClass(String wanted, boolean resolve)
              throws ClassNotFoundException {
            return wanted.equals(name)
                ? defineClass(name, bytes, 0, bytes.length)
                : super.loadClass(wanted, resolve);
          }
        };
    var constructor = loader.loadClass(name).getDeclaredConstructor();
    return constructor.newInstance();
  }
}
