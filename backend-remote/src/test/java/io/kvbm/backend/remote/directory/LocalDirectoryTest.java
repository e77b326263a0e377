package io.kvbm.backend.remote.directory;

import static io.kvbm.backend.remote.directory.Notes.member;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.BlockDirectory.Holder;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.directory.kinds.Directories;
import io.kvbm.testkit.TestContext;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // what is closed when is what is tested
class LocalDirectoryTest {

  private final TestContext context = new TestContext();
  private final List<BlockKey> keys = IntStream.range(0, 8).mapToObj(BlockKey::derived).toList();

  @AfterEach
  void close() {
    context.close();
  }

  private DirectoryFactory factory(String space) {
    return Directories.open(
            context,
            BackendConfig.of("directoryNamespace", space)
                .with("directoryMembers", "2")
                .with("directoryOwnBlocks", "6"))
        .getFirst();
  }

  @Test
  void membersSeeWhatOthersHaveAndNeverThemselves() {
    DirectoryFactory factory = factory("see");
    try (BlockDirectory a = factory.join(member("a", 1), DirectoryListener.NONE);
        BlockDirectory b = factory.join(member("b", 1), DirectoryListener.NONE);
        BlockDirectory c = factory.join(member("c", 1), DirectoryListener.NONE)) {
      a.publish(keys.subList(0, 3), List.of());
      b.publish(keys.subList(0, 6), List.of());
      assertThat(c.holders(7, keys, 0))
          .containsExactly(new Holder(member("b", 1), 6), new Holder(member("a", 1), 3));
      assertThat(c.holders(7, keys, 4)).containsExactly(new Holder(member("b", 1), 2));
      assertThat(c.holders(8, keys, 0)).as("another fingerprint").isEmpty();
      assertThat(b.holders(7, keys, 0)).containsExactly(new Holder(member("a", 1), 3));
      b.publish(List.of(), keys.subList(1, 2));
      assertThat(c.holders(7, keys, 0).getLast()).isEqualTo(new Holder(member("b", 1), 1));
      a.clear();
      assertThat(c.holders(7, keys, 0)).hasSize(1);
      b.publish(keys, List.of());
      assertThat(b.statistics().dropped()).as("six fit").isEqualTo(2);
    }
  }

  @Test
  void aNewRunOfANameReplacesTheOldWhichSaysNothingMore() throws InterruptedException {
    DirectoryFactory factory = factory("replace");
    Notes notes = new Notes();
    try (BlockDirectory watcher = factory.join(member("w", 1), notes);
        BlockDirectory old = factory.join(member("a", 1), DirectoryListener.NONE)) {
      old.publish(keys, List.of());
      try (BlockDirectory next = factory.join(member("a", 2), DirectoryListener.NONE)) {
        old.publish(keys, List.of());
        assertThat(watcher.holders(7, keys, 0)).isEmpty();
        next.publish(keys.subList(0, 1), List.of());
        old.close();
        assertThat(watcher.members()).containsExactly(member("a", 2));
        assertThat(watcher.holders(7, keys, 0)).containsExactly(new Holder(member("a", 2), 1));
      }
      Notes.await("three changes", () -> notes.lines().size() == 4);
      assertThat(notes.lines()).containsExactly("+a/1", "-a/1", "+a/2", "-a/2");
    }
  }

  @Test
  void aFullSpaceRefusesAndSpacesDoNotMeet() {
    DirectoryFactory factory = factory("full");
    try (BlockDirectory a = factory.join(member("a", 1), DirectoryListener.NONE);
        BlockDirectory b = factory.join(member("b", 1), DirectoryListener.NONE);
        BlockDirectory c = factory.join(member("c", 1), DirectoryListener.NONE);
        BlockDirectory other = factory("other").join(member("a", 1), DirectoryListener.NONE)) {
      assertThatThrownBy(() -> factory.join(member("d", 1), DirectoryListener.NONE))
          .isInstanceOf(CapacityException.class)
          .hasMessageContaining("directoryMembers");
      assertThat(List.of(a.members().size(), b.members().size(), c.members().size()))
          .containsOnly(2);
      assertThat(other.members()).isEmpty();
    }
  }
}
