package io.kvbm.cli.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.core.remote.BlockSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeCommandTest {

  @TempDir private Path folder;

  private Path config(String... more) throws IOException {
    return Files.writeString(
        folder.resolve("node.yaml"),
        """
        model:
          numLayers: 2
          innerDim: 64
        tiers:
          host:
            blocks: 8
            backend: system
        """
            + String.join("\n", more)
            + "\n");
  }

  @Test
  void aNodeSaysHowItIsReachedAndWhatItServes() throws IOException {
    Path blockSet = folder.resolve("blocks.set");
    Files.writeString(blockSet, "an older one");
    Invocation ran =
        Invocation.of(
            "--config",
            config("runtime:", "  workerId: 7").toString(),
            "node",
            "--seconds",
            "0.2",
            "--status",
            "0.05",
            "--block-set",
            blockSet.toString(),
            "--json");
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    Map<String, Object> said = JsonText.object(ran.out());
    assertThat(said).containsEntry("agent", "kvbm-7").containsEntry("directory", "");
    assertThat((List<?>) said.get("endpoints"))
        .singleElement()
        .asString()
        .startsWith("tcp://127.0.0.1:");
    assertThat(((Map<?, ?>) said.get("tiers")).keySet()).isEqualTo(Set.of("host"));
    assertThat(ran.err()).contains("0 connections, 0 blocks lent now");
    BlockSet exported = BlockSet.of(new SerializedBlockSet(Files.readAllBytes(blockSet)));
    assertThat(exported.workerId()).isEqualTo(7);
    assertThat(exported.parts().getFirst().slots()).isEqualTo(8);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(blockSet)))
        .as("whoever reads the file can read the memory")
        .isEqualTo("rw-------");
  }

  @Test
  void forPeopleItIsALineForEachTier() throws IOException {
    Invocation ran = Invocation.of("--config", config().toString(), "node", "--seconds", "0.05");
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("serves as agent 'kvbm-").contains("host: 8 blocks, lent");
  }

  @Test
  void aNodeThatMayNotShareIsToldSo() throws IOException {
    Invocation ran =
        Invocation.of(
            "--config",
            config("runtime:", "  remote: disabled").toString(),
            "node",
            "--seconds",
            "0.05");
    assertThat(ran.exitCode()).isOne();
    assertThat(ran.err()).contains("runtime.remote is disabled; enable it");
  }

  @Test
  void nothingListensBeyondLoopbackWithoutCredentials() throws IOException {
    Invocation ran =
        Invocation.of(
            "--config",
            config("backends:", "  remote:", "    bind: 0.0.0.0").toString(),
            "node",
            "--seconds",
            "0.05");
    assertThat(ran.exitCode()).isOne();
    assertThat(ran.err().lines().count()).as(ran.err()).isOne();
    assertThat(ran.err()).contains("0.0.0.0");
  }

  @Test
  void timesAboveZeroAreAskedFor() {
    Invocation ran = Invocation.of("node", "--seconds", "0");
    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).contains("--seconds 0.0 is not above 0");
  }
}
