package io.kvbm.core.event;

import io.kvbm.api.block.BlockKey;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Writes events as vLLM publishes its own, so that routers that read vLLM's read these: a batch
 * {@code [ts, events, data_parallel_rank]} in MessagePack, each event tagged with its type.
 *
 * <p>Fields and their order are those of {@code vllm/distributed/kv_events.py} of
 * vllm-project/vllm, read at commit 0181ea3173e53eea8cf04a86891488e3dc89bb34. A block is named by
 * the 64 bits of its sequence hash, as vLLM does with {@code VLLM_KV_EVENTS_USE_INT_BLOCK_HASHES}.
 * Numbers of events are not part of the payload: vLLM sends them in a frame of their own.
 *
 * <p>What vLLM cannot say: that one tier of several was emptied. {@link RouterEvent.Cleared}
 * becomes {@code AllBlocksCleared}, after which a router believes all tiers to be empty: send it
 * the other tiers of {@link RouterSnapshot#asEvents()} then.
 *
 * <p>Threading: safe from any thread.
 */
public final class VllmEventEncoder {

  /** How an event is written. */
  public enum Form {
    /** A map from field names to values, as vLLM does since its pull request 42892. */
    MAPS,

    /** An array with the fields in order, as vLLM did before. */
    ARRAYS
  }

  private static final double NANOS_PER_SECOND = 1e9;

  private final Form form;
  private final OptionalInt dataParallelRank;
  private final @Nullable String loraName;

  /**
   * Creates an encoder for blocks of the model itself.
   *
   * @param form how an event is written
   * @param dataParallelRank which of several replicas of the model in one engine this is, left out
   *     where empty
   */
  public VllmEventEncoder(Form form, OptionalInt dataParallelRank) {
    this(form, dataParallelRank, Optional.empty());
  }

  /**
   * Creates an encoder for blocks of the model with a LoRA adapter. Events do not say whose blocks
   * they name: give each adapter a manager and an encoder of its own.
   *
   * @param form how an event is written
   * @param dataParallelRank which of several replicas of the model in one engine this is, left out
   *     where empty
   * @param loraName vLLM's {@code lora_name} of blocks that are stored, nil where empty; its {@code
   *     lora_id}, which says the same by a number that differs between workers, is always nil
   */
  public VllmEventEncoder(Form form, OptionalInt dataParallelRank, Optional<String> loraName) {
    this.form = form;
    this.dataParallelRank = dataParallelRank;
    this.loraName = loraName.orElse(null);
  }

  /**
   * {@return a batch of events as one payload}
   *
   * @param events in order
   * @param epochNanos time of day of the batch, in nanoseconds since 1970
   */
  public byte[] encode(List<RouterEvent> events, long epochNanos) {
    MessagePackWriter out = new MessagePackWriter();
    out.array(dataParallelRank.isPresent() ? 3 : 2);
    out.float64(epochNanos / NANOS_PER_SECOND);
    out.array(events.size());
    for (RouterEvent event : events) {
      switch (event) {
        case RouterEvent.Stored stored -> write(out, stored);
        case RouterEvent.Removed removed -> write(out, removed);
        case RouterEvent.Cleared _ -> begin(out, "AllBlocksCleared", 0);
      }
    }
    dataParallelRank.ifPresent(out::int64);
    return out.toByteArray();
  }

  /**
   * {@return the word vLLM uses for the memory of a tier: {@code GPU} for device, {@code CPU} for
   * host, {@code STORAGE} for disk and remote, any other in capitals}
   *
   * @param tier the tier's name
   */
  public static String medium(String tier) {
    return switch (tier) {
      case "device" -> "GPU";
      case "host" -> "CPU";
      case "disk", "remote" -> "STORAGE";
      default -> tier.toUpperCase(Locale.ROOT);
    };
  }

  private void write(MessagePackWriter out, RouterEvent.Stored event) {
    begin(out, "BlockStored", 7);
    writeHashes(out, event.keys());
    name(out, "parent_block_hash");
    writeHash(out, event.parent());
    name(out, "token_ids");
    out.array(event.tokens().size());
    for (int i = 0; i < event.tokens().size(); i++) {
      out.int64(event.tokens().get(i));
    }
    name(out, "block_size");
    out.int64(event.blockSize());
    name(out, "lora_id");
    out.nil();
    name(out, "medium");
    out.string(medium(event.tier()));
    name(out, "lora_name");
    if (loraName == null) {
      out.nil();
    } else {
      out.string(loraName);
    }
  }

  private void write(MessagePackWriter out, RouterEvent.Removed event) {
    begin(out, "BlockRemoved", 2);
    writeHashes(out, event.keys());
    name(out, "medium");
    out.string(medium(event.tier()));
  }

  private void begin(MessagePackWriter out, String tag, int fieldCount) {
    if (form == Form.MAPS) {
      out.map(fieldCount + 1).string("type");
    } else {
      out.array(fieldCount + 1);
    }
    out.string(tag);
  }

  private void name(MessagePackWriter out, String field) {
    if (form == Form.MAPS) {
      out.string(field);
    }
  }

  private void writeHashes(MessagePackWriter out, List<BlockKey> keys) {
    name(out, "block_hashes");
    out.array(keys.size());
    keys.forEach(key -> writeHash(out, key));
  }

  private static void writeHash(MessagePackWriter out, @Nullable BlockKey key) {
    if (key == null) {
      out.nil();
    } else {
      out.uint64(key.lo());
    }
  }
}
