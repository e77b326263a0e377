package io.kvbm.cli.doctor;

import static io.kvbm.api.spi.Finding.Scope.MACHINE;

import io.kvbm.api.spi.Finding;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Graphics processors and fast networks, by looking at files. A stopgap: a backend that uses them
 * asks them themselves, and its finding of the same name takes the place of the one here, see
 * {@link DoctorReport#of}.
 */
final class AcceleratorChecks {

  private static final String CUDA = "libcuda.so.1";
  private static final String UCX = "libucp.so.0";
  private static final String UCX_PACKAGE = "libucx0";
  private static final String NVIDIA_VENDOR = "0x10de";
  private static final Pattern DRIVER_VERSION =
      Pattern.compile("NVRM version:.*?\\s(\\d+\\.\\d+(?:\\.\\d+)?)\\s.*");

  private final MachineFiles files;

  AcceleratorChecks(MachineFiles files) {
    this.files = files;
  }

  /** {@return whether there is an NVIDIA device and what is needed to call it} */
  Finding gpu() {
    List<String> devices =
        files.names("dev").stream().filter(name -> name.matches("nvidia\\d+")).toList();
    Optional<String> driver = driverVersion();
    Optional<String> library = files.library(CUDA);
    if (devices.isEmpty()) {
      return withoutDevice(driver, library);
    }
    String found =
        "%d NVIDIA device%s, driver %s"
            .formatted(
                devices.size(),
                devices.size() == 1 ? "" : "s",
                driver.orElse("of unknown version"));
    return library.isPresent()
        ? Finding.ok(MACHINE, "gpu", found + ", " + library.get())
        : Finding.missing(
            MACHINE,
            "gpu",
            found + ", but no " + CUDA,
            "apt-get install libcuda1, of the driver's version; in a container"
                + " NVIDIA_DRIVER_CAPABILITIES=compute,utility");
  }

  private Finding withoutDevice(Optional<String> driver, Optional<String> library) {
    String found =
        "no NVIDIA device node (/dev/nvidia0)"
            + driver.map(version -> ", driver " + version).orElse("")
            + library.map(file -> ", " + file).orElse("");
    if (driver.isPresent()) {
      return Finding.missing(
          MACHINE,
          "gpu",
          found,
          "nvidia-modprobe -c 0 -u makes it; a container is given it by docker run --gpus all");
    }
    return hasNvidiaCard()
        ? Finding.missing(
            MACHINE,
            "gpu",
            found + ", though there is an NVIDIA card",
            "apt-get install nvidia-driver, then restart")
        : Finding.missing(
            MACHINE,
            "gpu",
            found,
            "nothing, unless blocks are to be kept in GPU memory: then a machine with an NVIDIA"
                + " GPU and its driver");
  }

  private boolean hasNvidiaCard() {
    return files.names("sys/bus/pci/devices").stream()
        .map(name -> "sys/bus/pci/devices/" + name)
        .anyMatch(
            device ->
                files.line(device + "/vendor").filter(NVIDIA_VENDOR::equals).isPresent()
                    && files.line(device + "/class").filter(c -> c.startsWith("0x03")).isPresent());
  }

  private Optional<String> driverVersion() {
    return files
        .line("proc/driver/nvidia/version")
        .map(line -> DRIVER_VERSION.matcher(line + " "))
        .filter(Matcher::matches)
        .map(matcher -> matcher.group(1));
  }

  /** {@return whether the library for remote memory is there} */
  Finding ucx() {
    Optional<String> library = files.library(UCX);
    if (library.isEmpty()) {
      return Finding.missing(
          MACHINE,
          "ucx",
          "no " + UCX,
          "nothing, unless blocks are to be shared over a fast network: then apt-get install "
              + UCX_PACKAGE);
    }
    return Finding.ok(
        MACHINE, "ucx", library.get() + ", " + ucxVersion().orElse("of unknown version"));
  }

  /** The name of the library says only which programs it serves. */
  private Optional<String> ucxVersion() {
    boolean isPackage = false;
    for (String line : files.lines("var/lib/dpkg/status")) {
      if (line.startsWith("Package: ")) {
        isPackage = line.equals("Package: " + UCX_PACKAGE);
      } else if (isPackage && line.startsWith("Version: ")) {
        return Optional.of("%s %s".formatted(UCX_PACKAGE, line.substring(9)));
      }
    }
    return Optional.empty();
  }
}
