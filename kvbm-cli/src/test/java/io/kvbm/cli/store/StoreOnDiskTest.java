package io.kvbm.cli.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on the store of the disk backend, run after run. */
class StoreOnDiskTest {

  @TempDir Path folder;

  private Invocation store(String command, String... args) {
    String[] line = new String[args.length + 4];
    line[0] = "store";
    line[1] = command;
    System.arraycopy(args, 0, line, 2, args.length);
    line[args.length + 2] = "--dir";
    line[args.length + 3] = folder.resolve("objects").toString();
    return Invocation.of(line);
  }

  @Test
  @SuppressWarnings("unchecked")
  void whatIsPutInOneRunIsThereInTheNext() throws IOException {
    byte[] bytes = new byte[3_000_001];
    new Random(7).nextBytes(bytes);
    Path in = Files.write(folder.resolve("in"), bytes);
    for (String durability : List.of("none", "written", "synced")) {
      Invocation put =
          store("put", "models/" + durability, in.toString(), "--durability", durability);
      assertThat(put.exitCode()).as(put.err()).isZero();
    }
    Path out = folder.resolve("out");
    Invocation got = store("get", "models/synced", out.toString());
    assertThat(got.exitCode()).as(got.err()).isZero();
    assertThat(out).hasSameBinaryContentAs(in);

    List<Map<String, Object>> objects =
        (List<Map<String, Object>>)
            JsonText.object(store("ls", "models/", "--json").out()).get("objects");
    assertThat(objects).extracting(object -> object.get("key")).contains("models/synced");
    Map<String, Object> stats = JsonText.object(store("stats", "--json").out());
    assertThat(stats.keySet()).contains("objects", "fileByteSize", "durability", "details");
    assertThat((Map<String, Object>) stats.get("durability")).containsKey("survives");

    assertThat(store("rm", "models/none").exitCode()).isZero();
    assertThat(store("rm", "models/none").exitCode()).isEqualTo(1);
    Invocation compacted = store("compact", "--json");
    assertThat(compacted.exitCode()).as(compacted.err()).isZero();
    Invocation verified = store("verify", "--json");
    assertThat(verified.exitCode()).as(verified.err()).isZero();
    assertThat(JsonText.object(verified.out())).containsEntry("damaged", List.of());
  }
}
