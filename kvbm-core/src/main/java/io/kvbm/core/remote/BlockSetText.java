package io.kvbm.core.remote;

import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.ExportedStorage;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A block set as JSON. */
final class BlockSetText {

  private BlockSetText() {}

  static String json(BlockSet set) {
    return "{\"version\":%d,\"agent\":%s,\"workerId\":%d,\"fingerprint\":\"%016x\",\"parts\":%s}"
        .formatted(
            BlockSet.VERSION,
            agent(set),
            set.workerId(),
            set.fingerprint(),
            list(set.parts(), BlockSetText::part));
  }

  private static String agent(BlockSet set) {
    return "{\"name\":%s,\"generation\":\"%016x\",\"endpoints\":%s}"
        .formatted(
            text(set.agent().name()),
            set.agent().generation(),
            list(set.agent().endpoints(), BlockSetText::endpoint));
  }

  private static String endpoint(AgentEndpoint endpoint) {
    return "{\"transport\":%s,\"address\":%s}"
        .formatted(text(endpoint.transport()), text(endpoint.address()));
  }

  private static String part(BlockSet.Part part) {
    LayoutConfig shape = part.layout().config();
    String storages =
        IntStream.range(0, part.storages().size())
            .mapToObj(i -> storage(part.storages().get(i), part.layout().storages().get(i)))
            .collect(Collectors.joining(",", "[", "]"));
    return "{\"name\":%s,\"layout\":%s,\"blocks\":%d,\"layers\":%d,\"outer\":%d,\"page\":%d,\"inner\":%d,\"dtype\":\"%s\",\"alignment\":%d,\"blockByteSize\":%d,\"storages\":%s}"
        .formatted(
            text(part.name()),
            text(part.layout().type().name()),
            shape.numBlocks(),
            shape.numLayers(),
            shape.outerDim(),
            shape.pageSize(),
            shape.innerDim(),
            shape.dtype().name().toLowerCase(Locale.ROOT),
            shape.alignment(),
            shape.blockByteSize(),
            storages);
  }

  private static String storage(ExportedStorage storage, StorageSpan span) {
    return "{\"type\":%s,\"byteSize\":%d,\"baseOffset\":%d,\"writable\":%b}"
        .formatted(
            text(storage.type().toString()),
            storage.byteSize(),
            span.baseOffset(),
            storage.writable());
  }

  private static <T> String list(List<T> all, Function<T, String> one) {
    return all.stream().map(one).collect(Collectors.joining(",", "[", "]"));
  }

  private static String text(String value) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
