package io.kvbm.backend.remote.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.backend.remote.path.DataPath;
import io.kvbm.backend.remote.path.PathExport;
import io.kvbm.backend.remote.path.PathPeer;
import io.kvbm.backend.remote.path.PathProvider;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AgentPathTest {

  private static final class FakePath implements DataPath {

    boolean failed;
    boolean closed;

    @Override
    public String name() {
      return "fake";
    }

    @Override
    public byte[] address() {
      return new byte[0];
    }

    @Override
    public PathExport export(MemorySegment bytes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public PathPeer connect(byte[] address) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isUsable() {
      return !failed && !closed;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private final List<FakePath> opened = new ArrayList<>();
  private int most = Integer.MAX_VALUE;

  private final PathProvider provider =
      new PathProvider() {
        @Override
        public Optional<DataPath> open() {
          if (opened.size() == most) {
            return Optional.empty();
          }
          FakePath path = new FakePath();
          opened.add(path);
          return Optional.of(path);
        }

        @Override
        public String reason() {
          return "no more";
        }
      };

  private AgentPath agentPath() {
    return new AgentPath(
        "agent", Optional.of(provider), true, System.getLogger(AgentPathTest.class.getName()));
  }

  @Test
  void aPathThatFailedAsAWholeIsReplaced() {
    try (AgentPath path = agentPath()) {
      assertThat(path.current()).isSameAs(opened.getFirst());
      assertThat(path.current()).isSameAs(opened.getFirst());
      opened.getFirst().failed = true;
      assertThat(path.current()).isSameAs(opened.get(1)).isNotSameAs(opened.getFirst());
      assertThat(opened.getFirst().closed).isTrue();
      assertThat(opened).hasSize(2);
    }
    assertThat(opened.getLast().closed).isTrue();
  }

  @Test
  void thereIsNoneWhereNoOtherCanBeOpened() {
    most = 1;
    try (AgentPath path = agentPath()) {
      opened.getFirst().failed = true;
      assertThat(path.current()).isNull();
      assertThat(path.current()).isNull();
    }
  }
}
