package io.kvbm.cli.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.DurabilityClaim.Survives;
import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.cli.spi.CommandProvider;
import io.kvbm.core.Platform;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands on a store of the test's, whatever backend keeps it. */
class StoreCommandTest {

  @TempDir Path folder;

  private final Shelf shelf = new Shelf();
  private ByteArrayOutputStream output;

  private Invocation store(String... args) {
    return store(new byte[0], args);
  }

  private Invocation store(byte[] input, String... args) {
    CommandProvider command =
        () -> new StoreCommand(() -> Platform.builder().providers(List.of(shelf)).build());
    List<String> line = new ArrayList<>(List.of("store"));
    line.addAll(Arrays.asList(args));
    line.addAll(List.of("--dir", folder.toString()));
    output = new ByteArrayOutputStream();
    return Invocation.of(input, output, List.of(command), line.toArray(String[]::new));
  }

  @AfterEach
  void storesAreClosed() {
    assertThat(shelf.open()).isZero();
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1 << 20, (1 << 20) + 1, 5_000_000})
  void whatIsPutIsGotFromInputToOutput(int length) {
    byte[] value = random(length);
    assertThat(store(value, "put", "a/b").exitCode()).isZero();
    Invocation got = store("get", "a/b");
    assertThat(got.exitCode()).as(got.err()).isZero();
    assertThat(output.toByteArray()).isEqualTo(value);
    assertThat(got.err()).isEmpty();
  }

  @Test
  void filesGoInAndOut() throws IOException {
    Path in = Files.write(folder.resolve("in"), random(3_000_000));
    Path out = Files.writeString(folder.resolve("out"), "old");
    Invocation put = store("put", "k", in.toString(), "--json");
    assertThat(JsonText.object(put.out()))
        .containsEntry("key", "k")
        .containsEntry("durability", "synced")
        .containsKeys("byteSize", "version");
    Invocation got = store("get", "k", out.toString());
    assertThat(got.exitCode()).as(got.err()).isZero();
    assertThat(got.out()).isEmpty();
    assertThat(out).hasSameBinaryContentAs(in);
    assertThat(JsonText.object(store("get", "k", out.toString(), "--json").out()))
        .containsEntry("file", out.toString());
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactlyInAnyOrder(in, out);
    }
  }

  @Test
  void aDamagedObjectReplacesNoFile() throws IOException {
    store(random(100), "put", "k");
    shelf.damaged.add("k");
    Path out = Files.writeString(folder.resolve("out"), "old");
    Invocation got = store("get", "k", out.toString());
    assertThat(got.exitCode()).isEqualTo(1);
    assertThat(got.err()).contains("kvbm: object 'k' is damaged").hasLineCount(1);
    assertThat(out).hasContent("old");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(out);
    }
  }

  @Test
  void aLinkIsFollowedAndADeviceWrittenTo() throws IOException {
    store(random(100), "put", "k");
    Path target = Files.writeString(folder.resolve("target"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);
    assertThat(store("get", "k", link.toString()).exitCode()).isZero();
    assertThat(target).hasBinaryContent(random(100));
    assertThat(link).isSymbolicLink();
    assertThat(store("get", "k", "/dev/null").exitCode()).isZero();
    assertThat(Path.of("/dev/null")).exists();
  }

  @ParameterizedTest
  @CsvSource({"none, NONE", "written, WRITTEN", "synced, SYNCED"})
  void durabilityIsHandedOn(String word, String durability) {
    store(random(1), "put", "k", "--durability", word);
    store("rm", "k", "--durability", word);
    assertThat(shelf.calls)
        .contains("writer k %s ALWAYS".formatted(durability), "delete k " + durability);
  }

  @Test
  void withoutAWordAChangeIsSynced() {
    store(random(1), "put", "k");
    store("rm", "k");
    assertThat(shelf.calls)
        .containsExactly("open WRITE", "writer k SYNCED ALWAYS", "open WRITE", "delete k SYNCED");
  }

  @Test
  void wherePowerCutsAreNotSurvivedAPutSaysSo() {
    assertThat(store(random(1), "put", "k").err()).isEmpty();
    shelf.claim = new DurabilityClaim(Survives.PROCESS_END, "tmpfs is memory");
    assertThat(store(random(1), "put", "k").err())
        .isEqualTo("kvbm: SYNCED survives the end of the process only: tmpfs is memory\n");
    assertThat(store(random(1), "put", "k", "--durability", "written").err()).isEmpty();
  }

  @Test
  void ifAbsentRefusesToReplace() {
    assertThat(store(random(1), "put", "k", "--if-absent").exitCode()).isZero();
    Invocation second = store(random(2), "put", "k", "--if-absent");
    assertThat(second.exitCode()).isEqualTo(1);
    assertThat(second.err()).isEqualTo("kvbm: k is there\n");
    store("get", "k");
    assertThat(output.toByteArray()).isEqualTo(random(1));
  }

  @Test
  void listsAreInOrderAndCanBeCutAndContinued() {
    for (String key : List.of("b/2", "a/1", "b/1", "c")) {
      store(key.getBytes(StandardCharsets.UTF_8), "put", key);
    }
    assertThat(store("ls").out().lines().map(line -> line.replaceAll(".* ", "")))
        .containsExactly("a/1", "b/1", "b/2", "c");
    assertThat(keys(store("ls", "b/", "--json"))).containsExactly("b/1", "b/2");
    assertThat(keys(store("ls", "--limit", "2", "--json"))).containsExactly("a/1", "b/1");
    assertThat(keys(store("ls", "--after", "b/1", "--json"))).containsExactly("b/2", "c");
    assertThat(keys(store("ls", "none", "--json"))).isEmpty();
    assertThat(shelf.calls.getLast()).isEqualTo("open READ_SNAPSHOT");
  }

  @Test
  void listsLongerThanAPageAreComplete() {
    for (int i = 0; i < 2500; i++) {
      shelf.put("k%04d".formatted(i), new byte[i % 3]);
    }
    assertThat(keys(store("ls", "--json"))).hasSize(2500).isSorted();
    assertThat(keys(store("ls", "--json", "--limit", "2001"))).hasSize(2001);
    assertThat(store("ls").out()).hasLineCount(2500);
  }

  @SuppressWarnings("unchecked")
  private static List<Object> keys(Invocation listed) {
    List<Map<String, Object>> objects =
        (List<Map<String, Object>>) JsonText.object(listed.out()).get("objects");
    return objects.stream().map(object -> object.get("key")).toList();
  }

  @Test
  void removingWhatIsNotThereFailsAndRemovesTheRest() {
    store(random(1), "put", "a");
    store(random(1), "put", "c");
    Invocation ran = store("rm", "a", "b", "c", "--json");
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err()).isEqualTo("kvbm: there is no object 'b'\n");
    assertThat(JsonText.object(ran.out()))
        .containsEntry("removed", List.of("a", "c"))
        .containsEntry("absent", List.of("b"));
    assertThat(shelf.objects).isEmpty();
  }

  @Test
  @SuppressWarnings("unchecked")
  void statisticsSayWhatASyncSurvives() {
    store(random(10), "put", "k");
    shelf.claim = new DurabilityClaim(Survives.SYSTEM_CRASH, "no barriers");
    Map<String, Object> stats = JsonText.object(store("stats", "--json").out());
    assertThat(stats.keySet())
        .containsExactly(
            "objects",
            "valueByteSize",
            "storedByteSize",
            "fileByteSize",
            "reclaimableByteSize",
            "durability",
            "counters",
            "details");
    assertThat((Map<String, Object>) stats.get("durability"))
        .containsEntry("survives", "SYSTEM_CRASH");
    assertThat((Map<String, Object>) stats.get("details")).containsEntry("engine", "wooden");
    assertThat(store("stats").out())
        .contains("wooden", "syncs", "SYNCED survives a crash of the system, no power cut");
  }

  @Test
  void verifyPrintsWhatIsDamagedAndFailsThen() {
    store(random(1), "put", "k");
    Invocation sound = store("verify", "--json");
    assertThat(sound.exitCode()).isZero();
    assertThat(JsonText.object(sound.out()).keySet()).containsExactly("checked", "damaged");
    assertThat(JsonText.object(sound.out())).containsEntry("damaged", List.of());
    assertThat(store("verify").out()).contains("1 objects checked", "nothing is damaged");
    shelf.damaged.add("k");
    Invocation damaged = store("verify", "--json");
    assertThat(damaged.exitCode()).isEqualTo(1);
    assertThat(JsonText.object(damaged.out()))
        .containsEntry("damaged", List.of(Map.of("name", "k", "reason", "a bit is wrong")));
    assertThat(store("verify").out()).contains("k: a bit is wrong", "1 damaged");
  }

  @Test
  void compactSaysWhatItGained() {
    Invocation ran = store("compact", "--json");
    assertThat(ran.exitCode()).isZero();
    assertThat(JsonText.object(ran.out()).keySet())
        .containsExactly("beforeByteSize", "afterByteSize", "movedByteSize", "seconds");
    assertThat(store("compact").out()).contains("4.0 KiB before, 1.0 KiB now");
    assertThat(shelf.calls.getLast()).isEqualTo("open WRITE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"stats", "verify", "compact"})
  void aStoreThatCannotBeLookedAfterSaysSo(String command) {
    shelf.isMaintained = false;
    Invocation ran = store(command);
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err()).contains("cannot be looked after").hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource({
    "get absent, 1, there is no object 'absent'",
    "put k /no/such/file, 1, /no/such/file does not exist",
    "get k --json, 2, --json needs a FILE",
    "get, 2, Missing required parameter",
    "put, 2, Missing required parameter",
    "rm, 2, Missing required parameter",
    "ls --limit 0, 2, --limit must be above 0",
    "put k --durability safe, 2, is no durability; one of: none written synced",
    "ls --backend absent, 1, absent"
  })
  void errorsAreOneLineWithTheRightExitCode(String line, int exitCode, String words) {
    Invocation ran = store(line.split(" "));
    assertThat(ran.exitCode()).as(ran.err()).isEqualTo(exitCode);
    assertThat(ran.err().lines().findFirst().orElseThrow().replace(",", "")).contains(words);
    assertThat(ran.err().lines().filter(text -> !text.startsWith("see ")).count()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"get k", "ls", "rm k", "stats", "verify", "compact"})
  void onlyPutMakesAStore(String line) throws IOException {
    Files.delete(folder);
    Invocation ran = store(line.split(" "));
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err()).contains("there is no store").hasLineCount(1);
    assertThat(folder).doesNotExist();
    assertThat(shelf.calls).isEmpty();
    Files.createDirectory(folder);
  }

  @Test
  void theDirectoryIsNeeded() {
    Invocation ran = Invocation.of("store", "ls");
    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).contains("--dir");
    assertThat(Invocation.of("store").exitCode()).isEqualTo(2);
    assertThat(Invocation.of("store", "ls", "--dir", "").exitCode()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"put", "get", "ls", "rm", "stats", "verify", "compact"})
  void everyCommandHasHelp(String command) {
    Invocation ran = Invocation.of("store", command, "--help");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out()).contains("--dir=DIR", "--json");
  }
}
