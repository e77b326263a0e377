package io.kvbm.backend.disk;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** A folder with the files of {@code /proc}, {@code /sys} and {@code /etc} that a test needs. */
public record FakeMachine(Path root) {

  /** {@return a text that lies beside the tests} */
  public static String resource(String name) {
    try (InputStream stream = FakeMachine.class.getResourceAsStream(name)) {
      return new String(
          Objects.requireNonNull(stream, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public FakeMachine write(String file, String text) {
    try {
      Path path = root.resolve(file);
      Files.createDirectories(path.getParent());
      Files.writeString(path, text);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public FakeMachine mounts(String resource) {
    return write("proc/self/mountinfo", resource(resource));
  }

  /** Adds a whole disk, found by its number and its name. */
  public FakeMachine disk(String number, String bus, String name) {
    String folder = "sys/devices/" + bus + "/block/" + name;
    write(folder + "/queue/rotational", "0\n");
    write(folder + "/queue/scheduler", "[none] mq-deadline kyber bfq\n");
    write(folder + "/queue/read_ahead_kb", "128\n");
    write(folder + "/queue/discard_max_bytes", "1073741824\n");
    write(folder + "/queue/write_cache", "write back\n");
    write(folder + "/size", "1000\n");
    return linked(number, name, folder);
  }

  /** Adds a partition of a disk that was added. */
  public FakeMachine partition(String number, String bus, String disk, String name) {
    String folder = "sys/devices/" + bus + "/block/" + disk + "/" + name;
    write(folder + "/partition", "1\n");
    return linked(number, name, folder);
  }

  /** Lets a volume stand on a partition or disk that was added. */
  public FakeMachine stack(String bus, String volume, String below) {
    link(
        "sys/devices/" + bus + "/block/" + volume + "/slaves/" + below,
        root.resolve("sys/class/block").resolve(below));
    return this;
  }

  private FakeMachine linked(String number, String name, String folder) {
    link("sys/dev/block/" + number, root.resolve(folder));
    link("sys/class/block/" + name, root.resolve(folder));
    return this;
  }

  private void link(String file, Path target) {
    try {
      Path path = root.resolve(file);
      Files.createDirectories(path.getParent());
      Files.createSymbolicLink(path, path.getParent().relativize(target));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
