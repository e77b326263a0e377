package io.kvbm.core.remote;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.ExportedStorage;
import java.util.List;
import java.util.Objects;

/**
 * What a worker exports: who it is and where its blocks lie. Whoever has it may use the exported
 * memory as far as it may be used, once its agent is authenticated, so it goes to those peers only
 * that are to use it.
 *
 * @param agent how to reach the worker
 * @param workerId its worker id
 * @param fingerprint hash scheme, model, salt and shape of its blocks
 * @param parts the exported tiers, and the staging area; a block descriptor's block set is an index
 *     here
 */
public record BlockSet(AgentDescriptor agent, long workerId, long fingerprint, List<Part> parts) {

  /** The format written here. */
  public static final int VERSION = 1;

  /** The part that blocks are lent from which lie where no peer reads. */
  public static final String STAGING = "staging";

  /** Checks that there is an agent and copies the list. */
  public BlockSet {
    Objects.requireNonNull(agent, "agent");
    parts = List.copyOf(parts);
  }

  /**
   * Blocks in exported storages.
   *
   * @param name of the tier, or {@link #STAGING}
   * @param layout where each block lies in the storages
   * @param storages as peers name them, in the order of the layout
   */
  public record Part(String name, LayoutDescriptor layout, List<ExportedStorage> storages) {
    /** Checks that there is an export for each storage of the layout. */
    public Part {
      Objects.requireNonNull(name, "name");
      storages = List.copyOf(storages);
      if (storages.size() != layout.storages().size() || storages.isEmpty()) {
        throw new IllegalArgumentException(
            "%d exports stand for %d storages"
                .formatted(storages.size(), layout.storages().size()));
      }
    }

    /** {@return whether peers may write every storage} */
    public boolean isWritable() {
      return storages.stream().allMatch(ExportedStorage::writable);
    }

    /** {@return how many blocks there are} */
    public int slots() {
      return layout.config().numBlocks();
    }
  }

  /** {@return the binary form: versioned and checksummed} */
  public SerializedBlockSet serialized() {
    return new SerializedBlockSet(BlockSetFormat.write(this));
  }

  /**
   * {@return the set that a binary form says}
   *
   * @param bytes as {@link #serialized} gave them
   * @throws CorruptionException if they are cut short or damaged
   * @throws ConfigurationException if they are of a version this build does not read
   */
  public static BlockSet of(SerializedBlockSet bytes) {
    return BlockSetFormat.read(bytes.bytes());
  }

  /** {@return the set as JSON, to be read by people; what opens the exports is left out} */
  public String toJson() {
    return BlockSetText.json(this);
  }

  @Override
  public String toString() {
    return "block set of worker %d at agent '%s', %s"
        .formatted(
            workerId,
            agent.name(),
            parts.stream().map(part -> part.slots() + " blocks of " + part.name()).toList());
  }
}
