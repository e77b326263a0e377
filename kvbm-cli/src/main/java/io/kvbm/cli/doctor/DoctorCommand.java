package io.kvbm.cli.doctor;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Finding;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.settings.UsesPlatform;
import io.kvbm.cli.spi.Subcommand;
import io.kvbm.core.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kvbm doctor}: checks the machine, and a directory where one is named. */
@Command(
    name = "doctor",
    description = {
      "Checks what this machine offers and says what to do where something is missing. With --dir"
          + " it says, too, what the file system and the device of a directory are and how they"
          + " should be set up.",
      "",
      "It changes nothing: commands are printed and never run. A scratch file of one page is made"
          + " and removed to try direct access.",
      "",
      "Status: ok; hint, it works and can be better, or it cannot be told; missing, something that"
          + " kvbm can use or relies upon is not there. The exit code is 0 whatever is found, and 1"
          + " where the directory cannot be looked at.",
      ""
    },
    sortOptions = false)
final class DoctorCommand implements Subcommand, UsesPlatform {

  private @Nullable Supplier<Platform> platforms;
  private final MachineFiles files;

  @Spec private CommandSpec spec;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "A directory that files of kvbm are to be kept in; without it direct access is tried"
              + " where the disk backend is set to (default: DYN_KVBM_DISK_CACHE_DIR or /tmp).")
  private @Nullable Path directory;

  /**
   * Asks the platform of the configuration.
   *
   * @param files the machine's files
   */
  DoctorCommand(MachineFiles files) {
    this.files = files;
  }

  /**
   * @param platforms opens the platform whose backends are asked; the command closes it
   * @param files the machine's files
   */
  DoctorCommand(Supplier<Platform> platforms, MachineFiles files) {
    this.platforms = platforms;
    this.files = files;
  }

  @Override
  public void use(PlatformFactory factory) {
    if (platforms == null) {
      platforms = factory::open;
    }
  }

  @Override
  public int run(Console console) throws IOException {
    Optional<Path> real = realDirectory();
    DoctorReport report;
    try (Platform platform = Objects.requireNonNull(platforms, "use() comes before run()").get()) {
      platform.refusals().forEach(console::error);
      List<Finding> ofBackends = platform.diagnose(real);
      report = DoctorReport.of(new MachineChecks(files).findings(), ofBackends, real);
    }
    if (console.isJson()) {
      console.document(report::write);
    } else {
      report.print(console);
    }
    return OK;
  }

  private Optional<Path> realDirectory() throws IOException {
    if (directory == null) {
      return Optional.empty();
    }
    if (directory.toString().isBlank()) {
      throw new ParameterException(spec.commandLine(), "--dir is empty; name a directory");
    }
    Path real = directory.toRealPath();
    if (!Files.isDirectory(real)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "--dir " + directory + " is no directory; name one");
    }
    if (!Files.isReadable(real)) {
      throw new CallerException(
          ErrorCode.NOT_ACCESSIBLE,
          "--dir %s cannot be read; give this user the right to it or name another"
              .formatted(directory));
    }
    return Optional.of(real);
  }
}
